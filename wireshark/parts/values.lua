-- ---- values ---------------------------------------------------------------------------------------------------------

local UNSET_DECIMALS = {
  [""] = true, ["2147483647"] = true, ["9223372036854775807"] = true, ["-9223372036854775808"] = true,
  ["1.7976931348623157E308"] = true, ["170141183460469231731687303715884105727"] = true,
}
local WORDS = { Infinity = math.huge, ["-Infinity"] = -math.huge, Infinite = math.huge, NaN = 0 / 0, inf = math.huge,
                ["-inf"] = -math.huge, nan = 0 / 0 }

-- Well-formed UTF-8, by its first bytes.
local UTF8 = {
  "^[%z\1-\127]+", "^[\194-\223][\128-\191]", "^\224[\160-\191][\128-\191]", "^[\225-\236\238\239][\128-\191][\128-\191]",
  "^\237[\128-\159][\128-\191]", "^\240[\144-\191][\128-\191][\128-\191]", "^[\241-\243][\128-\191][\128-\191][\128-\191]",
  "^\244[\128-\143][\128-\191][\128-\191]",
}

-- Bytes that are no UTF-8 as U+FFFD: not all of Wireshark takes them.
local function printable(text)
  if not text:find("[\128-\255]") then return text end
  local out, at = {}, 1
  while at <= #text do
    local found
    for _, pattern in ipairs(UTF8) do found = found or text:match(pattern, at) end
    out[#out + 1] = found or "\239\191\189"
    at = at + (found and #found or 1)
  end
  return table.concat(out)
end

local function fail(reason) error({ reason = printable(reason) }, 0) end

local function to_number(text, name)
  local number = WORDS[text] or tonumber(text)
  if number == nil then fail(name .. " is not a number: \"" .. text .. "\"") end
  return number
end

local function to_int64(text, name)
  local sign, digits = text:match("^([+-]?)(%d+)$")
  if digits == nil then return Int64.new(to_number(text, name)) end
  local low, high = 0, 0
  for digit in digits:gmatch("%d") do
    low = low * 10 + tonumber(digit)
    local carry = math.floor(low / 2 ^ 32)
    low, high = low - carry * 2 ^ 32, (high * 10 + carry) % 2 ^ 32
  end
  local value = Int64.new(low, high)
  return sign == "-" and -value or value
end

local function utf8_of(code)
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then return string.char(0xC0 + math.floor(code / 0x40), 0x80 + code % 0x40) end
  if code < 0x10000 then
    return string.char(0xE0 + math.floor(code / 0x1000), 0x80 + math.floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
  end
  return string.char(0xF0 + math.floor(code / 0x40000), 0x80 + math.floor(code / 0x1000) % 0x40,
                     0x80 + math.floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
end

local function unescape(text)
  local pairs_joined = text:gsub("\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", function(high, low)
    return utf8_of(0x10000 + (tonumber(high, 16) - 0xD800) * 0x400 + tonumber(low, 16) - 0xDC00)
  end)
  return (pairs_joined:gsub("\\u(%x%x%x%x)", function(code) return utf8_of(tonumber(code, 16)) end))
end

-- Spellings as the description has them: "" ? ! ~ ~~ :true :ao :whole. Returns nil for unset.
local function text_value(f, spelling, text, version)
  if f.type == "string" then
    if text == "" then return nil end
    if spelling == "~~" or (spelling == "~" and version >= ASCII_VERSION) then return unescape(text) end
    return text
  elseif f.type == "bool" then
    if spelling == ":ao" then return text == "a" end
    if spelling == ":true" or text == "true" or text == "false" then return text == "true" end
    if text == "" then return nil end
    return to_number(text, f.name) ~= 0
  elseif f.type == "decimal" then
    if UNSET_DECIMALS[text] then return nil end
    to_number(text, f.name)
    return text
  elseif text == "" then
    return nil
  elseif f.type == "int64" then
    if text == "9223372036854775807" then return nil end
    return to_int64(text, f.name)
  end
  local number = to_number(text, f.name)
  if f.type == "int32" and number == 2147483647 then return nil end
  if f.type == "double" and number == 1.7976931348623157e308 then return nil end
  if f.type == "int32" and (number ~= math.floor(number) or math.abs(number) > 2 ^ 31) then
    fail(f.name .. " is not a 32-bit number: \"" .. text .. "\"")
  end
  return number
end

local function add_value(tree, f, range, value)
  if value == nil then
    tree:add(generic.unset, range, f.name)
    return
  end
  if type(value) == "string" then value = printable(value) end
  tree:add(f.proto, range, value)
  for _, role in ipairs(roles[f.role] or {}) do tree:add(role, range, value):set_hidden(true) end
end
