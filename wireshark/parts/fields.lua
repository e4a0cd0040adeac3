-- ---- the tree's fields ----------------------------------------------------------------------------------------------

local ibkr = Proto("ibkr", "Interactive Brokers TWS API")

local RAW_ID_VERSION = 201       -- from here on the id is four raw bytes
local PROTOBUF_OFFSET = 200      -- added to the id of a protobuf message
local ASCII_VERSION = 153        -- from here on texts escape what is outside ASCII
local MAX_PAYLOAD = 0xFFFFFF
local NEWEST = 2 ^ 30            -- version of a message that has no version field

local generic = {
  length = ProtoField.uint32("ibkr.length", "length", base.DEC, nil, nil, "Bytes of the payload"),
  hello = ProtoField.string("ibkr.hello", "hello", base.UNICODE, "What an app says first: the versions that it speaks"),
  server_version = ProtoField.uint32("ibkr.server_version", "server version", base.DEC, nil, nil, "Version agreed on"),
  time = ProtoField.string("ibkr.connection_time", "connection time", base.UNICODE, "The server's time and zone"),
  direction = ProtoField.string("ibkr.direction", "direction", base.ASCII, "in: sent by TWS; out: sent to TWS"),
  message = ProtoField.string("ibkr.message", "message", base.ASCII, "Name of the message"),
  id = ProtoField.uint32("ibkr.id", "message id", base.DEC, nil, nil, "Id of the message, without protobuf's 200"),
  wire = ProtoField.string("ibkr.wire", "wire", base.ASCII, "text or protobuf"),
  version = ProtoField.string("ibkr.message_version", "message version", base.UNICODE, "The message's own version"),
  count = ProtoField.int32("ibkr.count", "count", base.DEC, nil, nil, "Elements that follow"),
  present = ProtoField.string("ibkr.present", "present", base.UNICODE, "1 when the struct follows"),
  constant = ProtoField.string("ibkr.constant", "constant", base.UNICODE, "A dead slot"),
  variant = ProtoField.string("ibkr.variant", "variant", base.UNICODE, "A slot that only some clients send"),
  echo = ProtoField.string("ibkr.repeated", "sent once more", base.UNICODE, "A field that came before already"),
  unset = ProtoField.string("ibkr.unset", "unset", base.ASCII, "A field without a value"),
  trailing = ProtoField.string("ibkr.trailing", "trailing field", base.UNICODE, "A text field behind the layout"),
  unknown = ProtoField.bytes("ibkr.unknown_field", "unknown field", base.SPACE, "A protobuf field that is not described"),
  undecoded = ProtoField.bytes("ibkr.undecoded", "undecoded", base.SPACE, "Bytes that could not be read"),
}

-- Hidden copies of ids, so that one filter finds a request with all its answers.
local by_role = {
  request_id = ProtoField.int32("ibkr.request_id", "request id"),
  order_id = ProtoField.int32("ibkr.order_id", "order id"),
  client_id = ProtoField.int32("ibkr.client_id", "client id"),
  perm_id = ProtoField.int64("ibkr.perm_id", "permanent id"),
  account = ProtoField.string("ibkr.account", "account"),
  exec_id = ProtoField.string("ibkr.exec_id", "execution id"),
}
local roles = {
  request_id = { by_role.request_id }, order_id = { by_role.order_id }, client_id = { by_role.client_id },
  request_or_order_id = { by_role.request_id, by_role.order_id }, perm_id = { by_role.perm_id },
  account = { by_role.account }, exec_id = { by_role.exec_id },
}

local malformed = ProtoExpert.new("ibkr.malformed", "Malformed message", expert.group.MALFORMED, expert.severity.ERROR)
local undescribed = ProtoExpert.new("ibkr.undescribed", "Not described", expert.group.UNDECODED, expert.severity.NOTE)

local function snake(name)
  return (name:gsub("(%l)(%u)", "%1_%2"):gsub("(%u)(%u%l)", "%1_%2"):lower())
end

local function make_field(struct_name, f)
  local abbreviation = "ibkr." .. snake(struct_name) .. "." .. f.name
  if f.type == "int32" then
    return ProtoField.int32(abbreviation, f.name, base.DEC, f.values and enums[f.values], nil, f.doc)
  elseif f.type == "int64" then
    return ProtoField.int64(abbreviation, f.name, base.DEC, nil, nil, f.doc)
  elseif f.type == "double" then
    return ProtoField.double(abbreviation, f.name, f.doc)
  elseif f.type == "bool" then
    return ProtoField.bool(abbreviation, f.name, base.NONE, nil, nil, f.doc)
  elseif f.type == "decimal" or f.type == "string" then
    return ProtoField.string(abbreviation, f.name, base.UNICODE, f.doc)
  end
  return ProtoField.none(abbreviation, f.name, f.doc)
end

local proto_fields = {}
for _, list in ipairs({ generic, by_role }) do
  for _, field in pairs(list) do proto_fields[#proto_fields + 1] = field end
end
for name, struct in pairs(structs) do
  struct.by_name, struct.by_number = {}, {}
  for i, row in ipairs(struct.fields) do
    local f = { number = row[1], name = row[2], type = row[3], list = row[4], values = row[5], role = row[6],
                doc = row[7], as_double = row[8] }
    f.proto = make_field(name, f)
    proto_fields[#proto_fields + 1] = f.proto
    struct.fields[i], struct.by_name[f.name] = f, f
    if f.number ~= 0 then struct.by_number[f.number] = f end
  end
end
ibkr.fields = proto_fields
ibkr.experts = { malformed, undescribed }
ibkr.prefs.ports = Pref.range("TCP ports", "7496,7497,4001,4002,7500", "Ports of TWS, IB Gateway and ibkr proxy", 65535)
ibkr.prefs.server_version = Pref.uint("Server version", 0,
  "Version to assume where the capture does not have the handshake (0: guess from the first bytes)")
