-- Reads: goes round the paths of a file (the second argument), one a line; each thread begins at another place. The first
-- argument is the file of access tokens.

dofile("report.lua")

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  local callers, paths = sessions(args[1]), {}
  for path in io.lines(args[2]) do
    paths[#paths + 1] = path
  end
  requests = {}
  for count = 1, math.max(#paths, #callers) do
    local headers = {Authorization = callers[count % #callers + 1]}
    requests[count] = wrk.format("GET", paths[count % #paths + 1], headers)
  end
  at = math.floor(#requests * number / 2)
end

function request()
  at = at % #requests + 1
  return requests[at]
end
