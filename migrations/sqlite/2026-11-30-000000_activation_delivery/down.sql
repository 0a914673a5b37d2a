ALTER TABLE activations DROP COLUMN sent_at;
ALTER TABLE activations DROP COLUMN delivery;
