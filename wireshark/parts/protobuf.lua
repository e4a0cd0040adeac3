-- ---- protobuf -------------------------------------------------------------------------------------------------------

-- Low and high half of a number, and where it ends.
local function varint(tvb, at, stop)
  local low, high = 0, 0
  for i = 0, 9 do
    if at + i >= stop then fail("the payload ends inside a number") end
    local byte = tvb:range(at + i, 1):uint()
    local bits = byte % 128
    if i < 4 then
      low = low + bits * 2 ^ (7 * i)
    elseif i == 4 then
      low, high = low + bits % 16 * 2 ^ 28, math.floor(bits / 16)
    else
      high = (high + bits * 2 ^ (7 * i - 32)) % 2 ^ 32
    end
    if byte < 128 then return math.floor(low), math.floor(high), at + i + 1 end
  end
  fail("a number of more than 10 bytes")
end

local function signed(low) return low >= 2 ^ 31 and low - 2 ^ 32 or low end

-- An int32 that was widened is no value of its field.
local function fits(f, low, high)
  return f.type ~= "int32" or (high == 0 and low < 2 ^ 31) or (high == 2 ^ 32 - 1 and low >= 2 ^ 31)
end

local function varint_value(f, low, high)
  if f.type == "bool" then return low ~= 0 or high ~= 0 end
  return f.type == "int64" and Int64.new(low, high) or signed(low)
end

local function wire_type(f)
  if f.type == "int32" or f.type == "int64" or f.type == "bool" then return 0 end
  return (f.type == "double" or f.as_double) and 1 or 2
end

local protobuf_struct

-- A list in one piece. Its key and length, from `start` on, are shown with its first element.
local function packed(tree, f, tvb, start, at, stop)
  while at < stop do
    local value, after
    if f.type == "double" then
      if at + 8 > stop then fail("the payload ends inside a number") end
      value, after = tvb:range(at, 8):le_float(), at + 8
    else
      local low, _
      low, _, after = varint(tvb, at, stop)
      value = signed(low)
    end
    tree:add(f.proto, tvb:range(start, after - start), value)
    start, at = after, after
  end
end

local function number_text(value)
  if value == math.floor(value) and math.abs(value) < 1e15 then return string.format("%d", value) end
  local short = string.format("%.15g", value)
  return tonumber(short) == value and short or string.format("%.17g", value)
end

-- A value of the field's own wire type; `whole` is the range with its key.
local function protobuf_field(tree, f, tvb, at, stop, whole, number)
  if f.type == "double" then
    add_value(tree, f, whole, tvb:range(at, 8):le_float())
  elseif f.as_double then
    add_value(tree, f, whole, number_text(tvb:range(at, 8):le_float()))
  elseif wire_type(f) == 0 then
    add_value(tree, f, whole, varint_value(f, number[1], number[2]))
  elseif structs[f.type] then
    local branch = tree:add(f.proto, whole)
    if f.list then branch:set_text(f.name .. "[]") end
    protobuf_struct(branch, structs[f.type], tvb, at, stop)
  else
    add_value(tree, f, whole, stop > at and tvb:range(at, stop - at):string(ENC_UTF_8) or "")
  end
end

protobuf_struct = function(tree, struct, tvb, at, stop)
  while at < stop do
    local start = at
    local key, _, value_at = varint(tvb, at, stop)
    local number, wire = math.floor(key / 8), key % 8
    local low, high, after = nil, nil, value_at
    if wire == 0 then
      low, high, after = varint(tvb, value_at, stop)
    elseif wire == 1 then
      after = value_at + 8
    elseif wire == 5 then
      after = value_at + 4
    elseif wire == 2 then
      local length
      length, _, value_at = varint(tvb, value_at, stop)
      after = value_at + length
    else
      fail("wire type " .. wire .. " is not used in this protocol")
    end
    if after > stop then fail("field " .. number .. " is longer than what follows") end
    local whole, f = tvb:range(start, after - start), struct.by_number[number]
    if f and f.list and wire == 2 and (f.type == "int32" or f.type == "double") then
      packed(tree, f, tvb, start, value_at, after)
    elseif f and wire == wire_type(f) and fits(f, low, high) then
      protobuf_field(tree, f, tvb, value_at, after, whole, { low, high })
    else
      tree:add(generic.unknown, whole):append_text(" (number " .. number .. ")")
    end
    at = after
  end
end

local function protobuf_body(tree, message, tvb, at)
  local ok, problem = pcall(protobuf_struct, tree, structs[message.struct], tvb, at, tvb:len())
  if ok then return end
  tree:add_proto_expert_info(malformed, message.name .. ": " .. (type(problem) == "table" and problem.reason or problem))
end
