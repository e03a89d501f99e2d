#include "tlsa_update/dns/message.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <memory>

#include <ldns/ldns.h>

#include "rdata.hpp"
#include "wire.hpp"

namespace tlsa_update::dns {
namespace {

constexpr std::uint16_t opcode_query = 0, opcode_update = 5;  // RFC 2136 section 1.3
constexpr std::uint16_t flag_aa = 0x0400, flag_tc = 0x0200, flag_rd = 0x0100, flag_ra = 0x0080,
                        flag_ad = 0x0020, flag_cd = 0x0010;
constexpr std::uint16_t edns_size = 1232;      // fits every path; RFC 6891 section 6.2.5
constexpr std::uint32_t edns_do = 0x00008000;  // RFC 3225 section 3
constexpr std::uint16_t compressed = 0xC000;   // RFC 1035 section 4.1.4
constexpr std::uint8_t root[] = {0};

// The sections of an UPDATE behind its Zone section; every owner is written against the zone's name, which
// stands at octet 12.
class UpdateWriter {
 public:
  UpdateWriter(std::uint16_t id, const Name& zone) : zone_(zone) {
    // RFC 2136 section 2.2: opcode 5, every other bit zero.
    header_ = {.id = id, .flags = opcode_update << 11, .questions = 1};
    out_.header(header_);
    out_.octets(zone.wire());
    out_.u16(type::soa);  // section 2.3: ZTYPE must be SOA
    out_.u16(class_in);
  }

  void prerequisite(const RrsetChange& change) {
    if (!change.observed) {  // section 2.4.3: the RRset does not exist
      record(header_.answers, change.owner, class_none, 0, {});
      return;
    }
    assert(!change.observed->records.empty());
    // Section 2.4.2: the RRset exists and is this one; every member, TTL zero.
    for (const auto& tlsa : change.observed->records)
      record(header_.answers, change.owner, class_in, 0, tlsa.rdata());
  }

  void removals(const RrsetChange& change) {  // section 2.5.4: delete an RR from an RRset
    for (const auto& tlsa : change.remove)
      record(header_.authorities, change.owner, class_none, 0, tlsa.rdata());
  }

  void additions(const RrsetChange& change) {  // section 2.5.1: add to an RRset
    for (const auto& tlsa : change.add)
      record(header_.authorities, change.owner, class_in, change.ttl, tlsa.rdata());
  }

  [[nodiscard]] std::size_t size() const { return out_.size(); }

  [[nodiscard]] Bytes take() {
    Bytes wire = out_.take();
    WireWriter counted;
    counted.header(header_);
    const Bytes header = counted.take();
    std::copy(header.begin(), header.end(), wire.begin());
    return wire;
  }

 private:
  void record(std::uint16_t& count, const Name& owner, std::uint16_t rr_class, std::uint32_t ttl,
              ByteView rdata) {
    const auto labels = owner.wire();
    out_.octets(labels.first(labels.size() - zone_.wire().size()));
    out_.u16(compressed | header_size);
    out_.record(type::tlsa, rr_class, ttl, rdata);
    ++count;  // wraps only beyond max_update_size
  }

  const Name& zone_;
  Header header_;
  WireWriter out_;
};

// RFC 6891 section 6.1.2: what an OPT says instead of class and TTL.
void take_opt(WireReader& reader, const WireName& owner, const RecordFields& fields, Message& message) {
  if (owner.view().size() != 1) reader.fail_at("an OPT whose owner is not the root", fields.rdata_at);
  if (message.has_edns) reader.fail_at("a second OPT", fields.rdata_at);  // section 6.1.1: MUST be FORMERR
  message.has_edns = true;
  message.rcode = static_cast<std::uint16_t>(message.rcode | (fields.ttl >> 24) << 4);
  reader.octets(fields.rdata_size);
}

void read_questions(WireReader& reader, std::uint16_t count, std::vector<Question>& into) {
  for (; count > 0 && reader.ok(); --count) {
    const std::size_t start = reader.at();
    Question question;
    question.name = reader.name();
    question.type = reader.u16();
    if (reader.u16() != class_in) reader.fail_at("a question of a class that is not IN", start);
    if (reader.ok()) into.push_back(std::move(question));
  }
}

void read_section(WireReader& reader, std::uint16_t count, std::vector<Record>& into, Message* with_meta) {
  WireName owner;
  for (; count > 0 && reader.name(owner); --count) {
    const auto fields = reader.record_fields();
    if (fields.type == type::opt || fields.type == type::tsig) {
      if (with_meta == nullptr) {
        reader.fail_at("an OPT or TSIG outside the additional section", fields.rdata_at);
      } else if (fields.type == type::opt) {
        take_opt(reader, owner, fields, *with_meta);
      } else if (count != 1) {  // RFC 8945 section 5.1
        reader.fail_at("a TSIG that is not the last record", fields.rdata_at);
      }
      if (fields.type == type::tsig) reader.octets(fields.rdata_size);
      continue;
    }
    Bytes rdata = read_rdata(reader, fields);
    if (reader.ok())
      into.push_back({owner.name(), fields.type, fields.rr_class, fields.ttl, std::move(rdata)});
  }
}

// The names of `record`'s RDATA, which parse_message left uncompressed.
Result<Name> name_in(const Record& record, std::size_t before) {
  WireReader reader(record.rdata, before);
  Name name = reader.name();
  if (reader.ok() && !reader.is_at_end()) reader.fail_at("octets behind the name", reader.at());
  if (!reader.ok()) return tl::unexpected(reader.error());
  return name;
}

}  // namespace

std::string rcode_text(std::uint16_t rcode) {
  if (rcode == rcode::notimp) return "NOTIMP";  // the RFCs' name; ldns says NOTIMPL
  const ldns_lookup_table* known = ldns_lookup_by_id(ldns_rcodes, rcode);
  if (known != nullptr) return known->name;
  return rcode == rcode::badvers ? "BADVERS" : "RCODE" + std::to_string(rcode);
}

std::string type_text(std::uint16_t type) {
  const std::unique_ptr<char, decltype(&std::free)> text(ldns_rr_type2str(static_cast<ldns_rr_type>(type)),
                                                         &std::free);
  return text ? text.get() : "TYPE" + std::to_string(type);
}

Bytes make_query(std::uint16_t id, const Question& question, const QueryFlags& flags) {
  const auto bits = (flags.recursion_desired ? flag_rd : 0) | (flags.authentic_data ? flag_ad : 0) |
                    (flags.checking_disabled ? flag_cd : 0) | opcode_query << 11;
  WireWriter out;
  out.header({.id = id,
              .flags = static_cast<std::uint16_t>(bits),
              .questions = 1,
              .additionals = static_cast<std::uint16_t>(flags.edns ? 1 : 0)});
  out.octets(question.name.wire());
  out.u16(question.type);
  out.u16(class_in);
  if (flags.edns) {
    out.octets(root);
    out.record(type::opt, edns_size, flags.dnssec_ok ? edns_do : 0, {});
  }
  return out.take();
}

Result<Bytes> make_update(std::uint16_t id, const Update& update) {
  for (const auto& change : update.changes) {
    if (!change.owner.is_at_or_below(update.zone))  // RFC 2136 section 2.3: else NOTZONE
      return fail(ErrorCode::internal,
                  "an UPDATE of zone " + update.zone.text() + " names an owner outside it",
                  change.owner.text());
  }
  UpdateWriter writer(id, update.zone);
  for (const auto& change : update.changes) writer.prerequisite(change);
  for (const auto& change : update.changes) writer.removals(change);
  for (const auto& change : update.changes) writer.additions(change);
  if (writer.size() > max_update_size) {
    return fail(ErrorCode::bad_data,
                "the UPDATE would measure " + std::to_string(writer.size()) + " octets, more than the " +
                    std::to_string(max_update_size) + " that fit a signed message",
                update.zone.text(), "publish fewer names at a time");
  }
  return writer.take();
}

Result<Message> parse_message(ByteView wire) {
  WireReader reader(wire);
  const auto header = reader.header();
  Message message;
  message.id = header.id;
  message.opcode = header.opcode();
  message.rcode = header.rcode();
  message.is_response = header.is_response();
  message.authoritative = (header.flags & flag_aa) != 0;
  message.truncated = (header.flags & flag_tc) != 0;
  message.recursion_available = (header.flags & flag_ra) != 0;
  message.authentic = (header.flags & flag_ad) != 0;
  read_questions(reader, header.questions, message.questions);
  read_section(reader, header.answers, message.answer, nullptr);
  read_section(reader, header.authorities, message.authority, nullptr);
  read_section(reader, header.additionals, message.additional, &message);
  if (reader.ok() && !reader.is_at_end()) reader.fail_at("octets behind the last record", reader.at());
  if (!reader.ok()) return tl::unexpected(reader.error());
  return message;
}

Result<Soa> soa_of(const Record& record) {
  WireReader reader(record.rdata);
  Soa soa;
  soa.mname = reader.name();
  reader.skip_name();  // RNAME
  soa.serial = reader.u32();
  reader.octets(12);  // REFRESH, RETRY, EXPIRE
  soa.minimum = reader.u32();
  if (record.type != type::soa || (reader.ok() && !reader.is_at_end())) reader.fail_at("no SOA", reader.at());
  if (!reader.ok()) return tl::unexpected(reader.error());
  return soa;
}

Result<Name> target_of(const Record& record) {
  switch (record.type) {
    case type::ns:
    case type::cname:
    case type::dname:
      return name_in(record, 0);
    case type::mx:
      return name_in(record, 2);
    case type::srv:
      return name_in(record, 6);
    default:
      return fail(ErrorCode::internal, "a record of type " + type_text(record.type) + " has no target");
  }
}

std::optional<boost::asio::ip::address> address_in(std::uint16_t type, ByteView rdata) {
  boost::asio::ip::address_v4::bytes_type v4;
  boost::asio::ip::address_v6::bytes_type v6;
  if (type == type::a && rdata.size() == v4.size()) {
    std::ranges::copy(rdata, v4.begin());
    return boost::asio::ip::address_v4(v4);
  }
  if (type == type::aaaa && rdata.size() == v6.size()) {
    std::ranges::copy(rdata, v6.begin());
    return boost::asio::ip::address_v6(v6);
  }
  return std::nullopt;
}

Result<boost::asio::ip::address> address_of(const Record& record) {
  if (const auto address = address_in(record.type, record.rdata)) return *address;
  return fail(ErrorCode::protocol, "an address record of another length", record.owner.text());
}

std::vector<Record> records_at(const std::vector<Record>& section, const Name& owner, std::uint16_t type) {
  std::vector<Record> found;
  for (const auto& record : section)
    if (record.type == type && record.owner == owner) found.push_back(record);
  return found;
}

}  // namespace tlsa_update::dns
