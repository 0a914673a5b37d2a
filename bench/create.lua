-- Creates resellers, each with an e-mail address and an Idempotency-Key that nothing else has. The arguments: the file of
-- access tokens, the path, the master reseller's id, and a text that no other run has.

dofile("report.lua")

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

-- The request of each session is formatted once, around a placeholder as long as what takes its place: its length stays
-- true.
function init(args)
  run, count = args[4], 0
  local placeholder = string.rep("@", #unique())
  local body = '{"master_reseller_id": "' .. args[3] .. '", "name": "Nordwind Telefonie GmbH", "email": "'
    .. placeholder .. '@bench.example", "services": ["pbx", "trunk"], "billing_reference": "' .. placeholder .. '"}'
  requests = {}
  for _, caller in ipairs(sessions(args[1])) do
    local headers = {Authorization = caller, ["Content-Type"] = "application/json", ["Idempotency-Key"] = placeholder}
    local parts = {}
    for part in (wrk.format("POST", args[2], headers, body) .. placeholder):gmatch("(.-)" .. placeholder) do
      parts[#parts + 1] = part
    end
    requests[#requests + 1] = parts
  end
end

function request()
  count = count + 1
  return table.concat(requests[count % #requests + 1], unique())
end

function unique()
  return string.format("%s-%d-%08d", run, number, count)
end
