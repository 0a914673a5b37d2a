-- What every measurement has in common: requests come from many sessions in turn, as those of many integrations do, and
-- wrk's own figures are printed as one line of JSON, the last one that it prints.

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "p50_us": %d, "p99_us": %d, '
      .. '"errors": {"status": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end

-- The `Authorization` of each session: the file has an access token a line.
function sessions(path)
  local all = {}
  for token in io.lines(path) do
    all[#all + 1] = "Bearer " .. token
  end
  return all
end
