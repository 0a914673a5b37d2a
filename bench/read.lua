-- Reads by id: goes round the paths of a file (the first argument), one a line; each thread begins at another place.

dofile("report.lua")

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  requests = {}
  for path in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
  at = math.floor(#requests * number / 2)
end

function request()
  at = at % #requests + 1
  return requests[at]
end
