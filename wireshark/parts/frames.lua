-- ---- conversations and frames ---------------------------------------------------------------------------------------

local stream_of = Field.new("tcp.stream")
local conversations = {}  -- by TCP stream: app_port, server_version, answer ("frame:offset" of the handshake's answer)

function ibkr.init() conversations = {} end

local function conversation()
  local stream = stream_of()
  local key = stream and stream.value or 0
  conversations[key] = conversations[key] or {}
  return conversations[key]
end

local function direction_of(talk, pinfo)
  if talk.app_port then return pinfo.src_port == talk.app_port and "out" or "in" end
  return pinfo.dst_port == pinfo.match_uint and "out" or "in"
end

local function assumed_version(tvb)
  if ibkr.prefs.server_version ~= 0 then return ibkr.prefs.server_version end
  return tvb:range(0, 1):uint() == 0 and 205 or 178
end

-- Id, wire, and where the body begins; nil where there is no id.
local function head_of(tvb, version)
  if version >= RAW_ID_VERSION then
    if tvb:len() < 4 then return nil end
    local id = tvb:range(0, 4):uint()
    if id > PROTOBUF_OFFSET then return id - PROTOBUF_OFFSET, "protobuf", 4 end
    return id, "text", 4
  end
  local digits = tvb:range():raw():match("^(%d+)%z")
  if digits == nil then return nil end
  return tonumber(digits), "text", #digits + 1
end

-- Dissects one payload; returns its name for the info column.
local function payload(tvb, tree, talk, direction)
  local version = talk.server_version or assumed_version(tvb)
  tree:add(generic.direction, tvb:range(0, 0), direction):set_generated(true)
  local shown = tree:add(generic.server_version, tvb:range(0, 0), version)
  shown:set_generated(true)
  if talk.server_version == nil then shown:append_text(" (assumed: the capture does not have the handshake)") end
  local id, wire, body_at = head_of(tvb, version)
  if id == nil then
    tree:add_proto_expert_info(malformed, "the payload does not begin with a message id")
    tree:add(generic.undecoded, tvb:range())
    return "?"
  end
  local message = messages[direction][id]
  local name = message and message.name or "Unknown " .. id
  tree:append_text(": " .. name)
  local head = tvb:range(0, body_at)
  local named = tree:add(generic.message, head, name)
  if message then named:append_text(" (" .. message.doc .. ")") end
  tree:add(generic.id, head, id)
  tree:add(generic.wire, head, wire)
  if message == nil or (wire == "text" and message.ops == nil) then
    tree:add_proto_expert_info(undescribed, message and "this message exists as protobuf only" or "no message has this id")
    if tvb:len() > body_at then tree:add(generic.undecoded, tvb:range(body_at)) end
  elseif wire == "protobuf" then
    protobuf_body(tree, message, tvb, body_at)
  else
    Text.new(message, tvb, body_at, version, tree):dissect()
  end
  return name
end

local function answer(tvb, tree, talk)
  local bytes = tvb:range():raw()
  local version, time = bytes:match("^(%-?%d+)%z(.-)%z$")
  tree:append_text(": handshake, server version " .. version)
  tree:add(generic.message, tvb:range(), "HelloAnswer")
  tree:add(generic.direction, tvb:range(0, 0), "in"):set_generated(true)
  tree:add(generic.server_version, tvb:range(0, #version + 1), talk.server_version)
  tree:add(generic.time, tvb:range(#version + 1), printable(time))
  return "HelloAnswer " .. version
end

-- The first frame from TWS that has two fields, a version and a time, and came before any other is the answer.
local function is_answer(tvb, talk, direction, where, pinfo)
  if direction ~= "in" then return false end
  if talk.answer == nil and not pinfo.visited and talk.app_port then
    local version = tvb:range():raw():match("^(%d+)%z[^%z]*%z$")
    if version then talk.answer, talk.server_version = where, tonumber(version) end
  end
  return talk.answer == where
end

local function frame(tvb, at, length, tree, talk, pinfo)
  local branch = tree:add(ibkr, tvb:range(at, 4 + length))
  branch:add(generic.length, tvb:range(at, 4))
  if length == 0 then
    branch:append_text(": empty frame")
    return "empty frame"
  end
  local inner = tvb:range(at + 4, length):tvb()
  local direction = direction_of(talk, pinfo)
  if is_answer(inner, talk, direction, pinfo.number .. ":" .. at, pinfo) then return answer(inner, branch, talk) end
  return payload(inner, branch, talk, direction)
end

local function hello(tvb, at, length, tree, talk, pinfo)
  talk.app_port = pinfo.src_port
  local branch = tree:add(ibkr, tvb:range(at, 8 + length))
  local said = length > 0 and printable(tvb:range(at + 8, length):raw()) or ""
  branch:append_text(": hello " .. said)
  branch:add(generic.message, tvb:range(at, 4), "Hello")
  branch:add(generic.direction, tvb:range(at, 0), "out"):set_generated(true)
  branch:add(generic.length, tvb:range(at + 4, 4))
  branch:add(generic.hello, tvb:range(at + 8, length), said)
  return "Hello " .. said
end

-- Bytes of what begins at `at`: its head and its body; nil for the body where the head is not there yet, or where no
-- frame of ours begins.
local function extent(tvb, at)
  local left = tvb:len() - at
  if left < 4 then return 4, nil, false end
  local is_hello = tvb:range(at, 4):raw() == "API\0"
  local head = is_hello and 8 or 4
  if left < head then return head, nil, is_hello end
  local length = tvb:range(at + head - 4, 4):uint()
  if length > MAX_PAYLOAD then return nil, nil, is_hello end
  return head, length, is_hello
end

function ibkr.dissector(tvb, pinfo, tree)
  local talk, at, names = conversation(), 0, {}
  while at < tvb:len() do
    local head, length, is_hello = extent(tvb, at)
    if head == nil then  -- not the TWS API, or its beginning is not in the capture
      if at == 0 then return 0 end
      tree:add(ibkr, tvb:range(at)):add_proto_expert_info(malformed, "no frame begins here")
      break
    end
    local missing = head + (length or 0) - (tvb:len() - at)
    if length == nil or missing > 0 then
      if pinfo.can_desegment > 0 then
        pinfo.desegment_offset = at
        pinfo.desegment_len = length == nil and DESEGMENT_ONE_MORE_SEGMENT or missing
      else
        tree:add(ibkr, tvb:range(at)):append_text(": cut short by the capture")
      end
      break
    end
    local dissect = is_hello and hello or frame
    names[#names + 1] = dissect(tvb, at, length, tree, talk, pinfo)
    at = at + head + length
  end
  pinfo.cols.protocol = "IBKR"
  if #names > 0 then
    pinfo.cols.info = (direction_of(talk, pinfo) == "out" and "> " or "< ") .. table.concat(names, ", ")
  end
  return tvb:len()
end

local registered = nil

local function register()
  local ports = DissectorTable.get("tcp.port")
  if registered then ports:remove(registered, ibkr) end
  registered = ibkr.prefs.ports
  ports:add(registered, ibkr)
end

ibkr.prefs_changed = register
register()
DissectorTable.get("tcp.port"):add_for_decode_as(ibkr)
