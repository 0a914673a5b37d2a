-- Creates resellers, each with an e-mail address and an Idempotency-Key that nothing else has. The arguments: the path,
-- the master reseller's id, and a text that no other run has.

dofile("report.lua")

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

-- The request is formatted once, around a placeholder as long as what takes its place: its length stays true.
function init(args)
  run, count = args[3], 0
  local placeholder = string.rep("@", #unique())
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Idempotency-Key"] = placeholder
  local body = '{"master_reseller_id": "' .. args[2] .. '", "name": "Nordwind Telefonie GmbH", "email": "'
    .. placeholder .. '@bench.example", "services": ["pbx", "trunk"], "billing_reference": "' .. placeholder .. '"}'
  parts = {}
  for part in (wrk.format("POST", args[1], wrk.headers, body) .. placeholder):gmatch("(.-)" .. placeholder) do
    parts[#parts + 1] = part
  end
end

function request()
  count = count + 1
  return table.concat(parts, unique())
end

function unique()
  return string.format("%s-%d-%08d", run, number, count)
end
