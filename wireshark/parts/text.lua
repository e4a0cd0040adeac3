-- ---- text -----------------------------------------------------------------------------------------------------------
-- One interpreter over a layout's ops; protocol/schema.h tells what each op means. A slot is a struct that the layout
-- reads into: 0 is the message, others hang below their parent.

local Text = {}
Text.__index = Text

function Text.new(message, tvb, at, version, tree)
  local made = setmetatable({}, Text)
  made.message, made.tvb, made.base, made.version, made.message_version = message, tvb, at, version, NEWEST
  made.body = tvb:len() > at and tvb:range(at):raw() or ""
  made.at = 1  -- in body
  made.trees, made.starts, made.values, made.lists = { [0] = tree }, {}, {}, {}
  return made
end

function Text:range(first, after) return self.tvb:range(self.base + first - 1, after - first) end

function Text:take(name)
  if self.at > #self.body then fail("the payload ends before " .. name) end
  local stop = self.body:find("\0", self.at, true)
  if stop == nil then fail("the last field is not ended by NUL") end
  local first = self.at
  self.at = stop + 1
  return self.body:sub(first, stop - 1), self:range(first, stop + 1)
end

function Text:fields_left()
  local _, left = self.body:sub(self.at):gsub("%z", "")
  return left
end

-- The struct's branch of the tree, made when something is first read into it.
function Text:tree(slot)
  if self.trees[slot] == nil then
    local info = self.message.slots[slot]
    local parent = self:tree(info.parent)
    self.trees[slot] = parent:add(self:field(info.parent, info.name).proto, self:range(self.at, self.at))
    self.starts[slot] = self.at
  end
  return self.trees[slot]
end

-- Lets the branches of a slot and of its parents reach to where reading is.
function Text:stretch(slot)
  while slot ~= 0 and self.trees[slot] do
    self.trees[slot]:set_len(self.at - self.starts[slot])
    slot = self.message.slots[slot].parent
  end
end

function Text:struct(slot)
  return structs[slot == 0 and self.message.struct or self.message.slots[slot].struct]
end

function Text:field(slot, name) return self:struct(slot).by_name[name] end

function Text:remember(slot, name, value)
  self.values[slot] = self.values[slot] or {}
  self.values[slot][name] = value
end

-- Moves a repeat's slot to an element; structs below it start absent again.
function Text:enter(slot, tree, values)
  self.trees[slot], self.values[slot], self.starts[slot] = tree, values, self.at
  for below = slot + 1, #self.message.slots do
    local parent = self.message.slots[below].parent
    if parent >= slot and (parent == slot or self.trees[parent] == nil) then
      self.trees[below], self.values[below] = nil, nil
    end
  end
end

local COMPARES = {
  ["=="] = function(a, b) return a == b end, ["!="] = function(a, b) return a ~= b end,
  ["<"] = function(a, b) return a < b end, ["<="] = function(a, b) return a <= b end,
  [">"] = function(a, b) return a > b end, [">="] = function(a, b) return a >= b end,
}

function Text:holds(c)
  local compare = COMPARES[c.compare]
  if c.code == "server" then return compare(self.version, c.number) end
  if c.code == "version" then return compare(self.message_version, c.number) end
  local value = self.values[c.slot] and self.values[c.slot][c.name]
  if c.code == "list" then return (value or 0) > 0 end
  if c.code == "number" then return value ~= nil and compare(tonumber(value) or 0, c.number) end
  local among = false
  if c.code == "text" then
    for _, text in ipairs(c.texts) do among = among or text == (value or "") end
    return among == (c.compare == "==")
  end
  if type(value) == "boolean" then value = value and 1 or 0 end
  for _, integer in ipairs(c.integers) do among = among or compare(value or 0, integer) end
  return among
end

function Text:all_hold(conditions)
  for _, condition in ipairs(conditions) do
    if not self:holds(condition) then return false end
  end
  return true
end

function Text:take_count(op)
  local tree = self:tree(op.slot)
  local text, range = self:take("the count of " .. op.name)
  local count = text == "" and 0 or to_number(text, op.name)
  if count ~= math.floor(count) then fail("the count of " .. op.name .. " is not whole") end
  if count > #self.body - self.at + 1 then
    fail("a count of " .. text .. " for " .. op.name .. ", but only " .. self:fields_left() .. " fields follow")
  end
  count = math.max(count, 0)
  tree:add(generic.count, range, count):append_text(" (" .. op.name .. ")")
  self:stretch(op.slot)
  return count
end

function Text:run(ops)
  for _, op in ipairs(ops) do
    if (op.since == nil or self.version >= op.since) and (op.till == nil or self.version < op.till) then
      Text[op[1]](self, op)
    end
  end
end

function Text:read(op)
  local f, tree = self:field(op.slot, op.name), self:tree(op.slot)
  local text, range = self:take(op.name)
  local value = text_value(f, op.spelling or "", text, self.version)
  add_value(tree, f, range, value)
  self:remember(op.slot, op.name, value)
  self:stretch(op.slot)
end

function Text:own_version()
  local text, range = self:take("the message's version")
  self.trees[0]:add(generic.version, range, printable(text))
  if text ~= "" then self.message_version = to_number(text, "the message's version") end
end

function Text:constant()
  local text, range = self:take("a constant")
  self.trees[0]:add(generic.constant, range, printable(text))
end

function Text:variant(op)
  if self:fields_left() ~= op.number then return end
  local text, range = self:take("a variant")
  self.trees[0]:add(generic.variant, range, printable(text))
end

function Text:echo(op)
  local tree = self:tree(op.slot)
  local text, range = self:take(op.name)
  tree:add(generic.echo, range, printable(text)):append_text(" (" .. op.name .. ")")
  self:stretch(op.slot)
end

function Text:tags(op)
  local f, tree, first = self:field(op.slot, op.name), self:tree(op.slot), self.at
  local text, range = self:take(op.name)
  if text == "" then tree:add(generic.unset, range, op.name) end
  local count, from = 0, 1
  while from <= #text do
    local stop = text:find(";", from, true) or #text + 1
    local pair = text:sub(from, stop - 1)
    local equals = pair:find("=", 1, true) or #pair + 1
    local here = first + from - 1
    local element = tree:add(f.proto, self:range(here, stop >= #text and self.at or here + #pair + 1))
    element:set_text(op.name .. "[" .. count .. "]")
    local inner = structs[f.type].by_name
    local function part(name, value, a, b)
      if value ~= "" then add_value(element, inner[name], self:range(a, b), value) end
    end
    part("tag", pair:sub(1, equals - 1), here, here + math.min(equals - 1, #pair))
    part("value", pair:sub(equals + 1), here + math.min(equals, #pair), here + #pair)
    count, from = count + 1, stop + 1
  end
  self:remember(op.slot, op.name, count)
  self:stretch(op.slot)
end

function Text:mask(op)
  local tree = self:tree(op.slot)
  local text, range = self:take(op.names[1])
  local bits = text == "" and 0 or to_number(text, op.names[1])
  for i, name in ipairs(op.names) do
    local set = math.floor(bits / 2 ^ (i - 1)) % 2 == 1
    add_value(tree, self:field(op.slot, name), range, set)
    self:remember(op.slot, name, set)
  end
  self:stretch(op.slot)
end

function Text:branch(op)
  self:run(self:all_hold(op.conditions) and op.body or op.otherwise or {})
end

function Text:each(op) self:elements(op, {}) end

-- Over the same list once more; what is beyond its elements are new ones.
function Text:again(op) self:elements(op, self.lists[op.slot .. op.name] or {}) end

function Text:elements(op, elements)
  local f = self:field(op.slot, op.name)
  local count = self:take_count(op)
  for i = 1, count do
    local known = elements[i]
    if not known then
      local branch = self:tree(op.slot):add(f.proto, self:range(self.at, self.at))
      branch:set_text(op.name .. "[" .. (i - 1) .. "]")
      elements[i] = { tree = branch, values = {}, start = self.at }
    end
    self:enter(op.element, elements[i].tree, elements[i].values)
    self.starts[op.element] = elements[i].start
    self:run(op.body)
    if not known then elements[i].tree:set_len(self.at - elements[i].start) end
  end
  self:enter(op.element, nil, nil)
  self:remember(op.slot, op.name, #elements)
  self.lists[op.slot .. op.name] = elements
  self:stretch(op.slot)
end

function Text:list(op)
  local f = self:field(op.slot, op.name)
  local count = self:take_count(op)
  for _ = 1, count do
    local text, range = self:take(op.name)
    self:tree(op.slot):add(f.proto, range, f.type == "string" and printable(text) or to_number(text, op.name))
  end
  self:remember(op.slot, op.name, count)
  self:stretch(op.slot)
end

function Text:with(op)
  local tree = self:tree(op.slot)
  local text, range = self:take(op.name)
  tree:add(generic.present, range, printable(text)):append_text(" (" .. op.name .. ")")
  self:stretch(op.slot)
  if text ~= "" and to_number(text, op.name) == 1 then self:run(op.body) end
end

function Text:dissect()
  local ok, problem = pcall(function()
    self:run(self.message.ops)
    while self.at <= #self.body do
      local text, range = self:take("the end")
      self.trees[0]:add(generic.trailing, range, printable(text))
    end
  end)
  if ok then return end
  local tree = self.trees[0]
  tree:add_proto_expert_info(malformed, self.message.name .. ": " .. (type(problem) == "table" and problem.reason or problem))
  if self.at <= #self.body then tree:add(generic.undecoded, self:range(self.at, #self.body + 1)) end
end
