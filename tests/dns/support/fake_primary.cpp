#include "support/fake_primary.hpp"

#include <algorithm>
#include <set>

namespace tlsa_update::dns::test {
namespace {

constexpr std::uint16_t class_in = 1, class_none = 254, opcode_update = 5, nsec = 47;

std::size_t labels_of(const Name& owner) { return owner.label_count() - (owner.is_wildcard() ? 1 : 0); }

std::vector<Record> find(const std::multimap<Name, Record>& records, const Name& owner, std::uint16_t type) {
  std::vector<Record> found;
  const auto [begin, end] = records.equal_range(owner);
  for (auto at = begin; at != end; ++at) {
    if (at->second.type == type) found.push_back(at->second);
  }
  return found;
}

std::set<Bytes> rdata_of(const std::vector<Record>& records) {
  std::set<Bytes> rdata;
  for (const auto& record : records) rdata.insert(record.rdata);
  return rdata;
}

}  // namespace

void FakePrimary::Zone::insert(Record record) {
  for (Name at = record.owner; !at.is_root(); at = at.parent()) ++below[at];
  auto owner = record.owner;
  records.emplace(std::move(owner), std::move(record));
}

void FakePrimary::Zone::erase(std::multimap<Name, Record>::iterator record) {
  for (Name at = record->first; !at.is_root(); at = at.parent()) {
    if (--below[at] == 0) below.erase(at);
  }
  records.erase(record);
}

FakePrimary& FakePrimary::serve(std::string_view apex, std::initializer_list<std::string_view> lines,
                                bool is_signed) {
  const Name top = Name::parse(apex).value();
  auto& zone = zones_[top];
  zone.is_signed = is_signed;
  zone.insert(rr(top.text() + " 300 NS ns." + top.text()));
  if (is_signed) zone.insert(rr(top.text() + " 300 DNSKEY 257 3 13 AAAA"));
  for (const auto line : lines) zone.insert(rr(line));
  return *this;
}

void FakePrimary::add(std::string_view line) {
  auto record = rr(line);
  auto& [apex, zone] = *zones_.find(zone_of(record.owner)->first);
  apply(zone, record);
  ++zone.serial;
}

std::optional<Rrset> FakePrimary::tlsa_at(const Name& owner) const {
  const auto found = find(zone_of(owner)->second.records, owner, type::tlsa);
  if (found.empty()) return {};
  Rrset rrset{found.front().ttl, {}};
  for (const auto& record : found) rrset.records.push_back(tlsa_from_rdata(record.rdata).value());
  std::sort(rrset.records.begin(), rrset.records.end());
  return rrset;
}

Script FakePrimary::script() {
  return [this](const Received& request) {
    if (misbehave) {
      if (auto reply = misbehave(request)) return *reply;
    }
    return reply(request, handle(request));
  };
}

Reply FakePrimary::reply(const Received& request, const Message& answer) const {
  return say(key_ ? signed_answer(request, answer, *key_, clock_()) : encode(answer));
}

Message FakePrimary::handle(const Received& request) {
  Message message = answer_to(request);
  if (request.message.opcode == opcode_update) {
    message.rcode = update(request.message);
    return message;
  }
  const auto& question = request.message.questions.at(0);
  if (std::count(refused_types.begin(), refused_types.end(), question.type) > 0) {
    message.rcode = rcode::refused;
  } else if (question.type == type::axfr) {
    transfer(question.name, message);
  } else {
    answer(question, message);
  }
  return message;
}

// The deepest zone at or above the name.
const FakePrimary::ZoneOf* FakePrimary::zone_of(const Name& name) const {
  for (Name at = name;; at = at.parent()) {
    const auto found = zones_.find(at);
    if (found != zones_.end()) return &*found;
    if (at.is_root()) return nullptr;
  }
}

Record FakePrimary::soa(const ZoneOf& zone) const {
  const std::string apex = zone.first.text();
  return rr(apex + " " + std::to_string(soa_ttl) + " SOA ns." + apex + " hm." + apex + " " +
            std::to_string(zone.second.serial) + " 3600 600 86400 60");
}

void FakePrimary::answer(const Question& question, Message& message) const {
  const auto* zone = zone_of(question.name);
  if (zone == nullptr) {
    message.authoritative = false;
    message.rcode = rcode::refused;
    return;
  }
  const auto& [apex, content] = *zone;
  std::vector<Name> path;  // from below the apex to the name
  for (Name at = question.name; at != apex; at = at.parent()) path.insert(path.begin(), at);
  for (const auto& at : path) {  // RFC 1034 section 4.3.2, step 3b
    const auto cut = find(content.records, at, type::ns);
    if (cut.empty()) continue;
    message.authoritative = false;
    message.authority.insert(message.authority.end(), cut.begin(), cut.end());
    return;
  }
  path.insert(path.begin(), apex);
  for (const auto& at : path) {
    const auto dname = find(content.records, at, type::dname);
    if (dname.empty() || at == question.name) continue;
    message.answer.push_back(dname.front());
    const auto target = question.name.rebased(at, target_of(dname.front()).value());
    if (target) {
      message.answer.push_back(rr(question.name.text() + " 0 CNAME " + target->text()));
      answer({*target, question.type}, message);
    } else {
      message.rcode = rcode::yxdomain;  // RFC 6672 section 2.2
    }
    return;
  }
  if (content.exists(question.name)) return answer_from(*zone, question.name, question, message);
  Name encloser = question.name.parent();
  while (encloser != apex && !content.exists(encloser)) encloser = encloser.parent();
  const Name wildcard = encloser.child("*").value();
  if (content.exists(wildcard)) return answer_from(*zone, wildcard, question, message);
  deny(*zone, question.name, false, message);
}

// What `source`, the name itself or the wildcard that stands for it, holds.
void FakePrimary::answer_from(const ZoneOf& zone, const Name& source, const Question& question,
                              Message& message) const {
  const auto& [apex, content] = zone;
  const auto put = [&](std::vector<Record> records) {
    for (auto& record : records) {
      record.owner = question.name;
      message.answer.push_back(record);
    }
    if (content.is_signed)
      message.answer.push_back(rrsig(question.name, records.front().type, labels_of(source), apex));
  };
  const auto cname = find(content.records, source, type::cname);
  if (question.type == type::soa && source == apex) return put({soa(zone)});
  if (!cname.empty()) {
    put(cname);
    const Name target = target_of(cname.front()).value();
    if (target != question.name && zone_of(target) != nullptr && message.answer.size() < 20)
      answer({target, question.type}, message);
    return;
  }
  const auto found = find(content.records, source, question.type);
  if (found.empty()) return deny(zone, question.name, true, message);
  put(found);
}

void FakePrimary::deny(const ZoneOf& zone, const Name& name, bool exists, Message& message) const {
  message.authority.push_back(soa(zone));
  if (zone.second.is_signed && denies_compactly)
    message.authority.push_back(rr(name.text() + " 60 NSEC \\000." + name.text() + " A AAAA RRSIG NSEC"));
  else if (!exists)
    message.rcode = rcode::nxdomain;
}

void FakePrimary::transfer(const Name& apex, Message& message) const {
  const auto found = zones_.find(apex);
  if (found == zones_.end()) {
    message.rcode = rcode::notauth;
    return;
  }
  const auto& content = found->second;
  message.answer.push_back(soa(*found));
  for (const auto& [owner, record] : content.records) {
    message.answer.push_back(record);
    if (content.is_signed) message.answer.push_back(rrsig(owner, record.type, labels_of(owner), apex));
  }
  message.answer.push_back(soa(*found));
}

std::uint16_t FakePrimary::update(const Message& request) {
  const auto found = zones_.find(request.questions.at(0).name);
  if (found == zones_.end()) return rcode::notauth;
  auto& [apex, zone] = *found;
  for (const auto* section : {&request.answer, &request.authority}) {
    for (const auto& record : *section) {
      if (!record.owner.is_at_or_below(apex)) return rcode::notzone;
    }
  }
  if (const auto rcode = check(zone, request.answer); rcode != rcode::noerror) return rcode;
  bool changed = false;
  for (const auto& record : request.authority) changed = apply(zone, record) || changed;
  zone.serial += changed ? 1 : 0;
  return rcode::noerror;
}

// RFC 2136 section 3.2: the whole RRset, or none.
std::uint16_t FakePrimary::check(const Zone& zone, const std::vector<Record>& prerequisites) const {
  std::map<Name, std::vector<Record>> wanted;
  for (const auto& record : prerequisites) {
    if (record.rr_class == class_in)
      wanted[record.owner].push_back(record);
    else if (!find(zone.records, record.owner, record.type).empty())
      return rcode::yxrrset;
  }
  for (const auto& [owner, records] : wanted) {
    if (rdata_of(records) != rdata_of(find(zone.records, owner, records.front().type))) return rcode::nxrrset;
  }
  return rcode::noerror;
}

// RFC 2136 section 3.4.2; true when something changed.
bool FakePrimary::apply(Zone& zone, const Record& change) {
  const auto [begin, end] = zone.records.equal_range(change.owner);
  const auto same = std::find_if(begin, end, [&](const auto& entry) {
    return entry.second.type == change.type && entry.second.rdata == change.rdata;
  });
  if (change.rr_class == class_none) {
    if (same == end) return false;
    zone.erase(same);
    return true;
  }
  // Section 3.4.2.2: beside a CNAME nothing is added, and nothing is said.
  if (!find(zone.records, change.owner, type::cname).empty() || same != end) return false;
  for (auto at = begin; at != end; ++at) {
    if (at->second.type == change.type) at->second.ttl = change.ttl;  // one TTL for the RRset
  }
  zone.insert(change);
  return true;
}

}  // namespace tlsa_update::dns::test
