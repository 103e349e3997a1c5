-- Sells things.
local json = require("json")

local M = {}

--- Adds the tax.
function M.with_tax(price)
  return price * 1.2
end

function M:find(name)
  return self[name]
end

local function helper(x)
  return x
end

local twice = function(x)
  return x * 2
end

M.halve = function(x)
  return x / 2
end

return M
