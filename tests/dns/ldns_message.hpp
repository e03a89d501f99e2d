// ldns gives a second opinion: messages as it writes them, names compressed wherever they may be, and the
// same records as it understands them.
#pragma once

#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include <ldns/ldns.h>

#include "tlsa_update/dns/message.hpp"

namespace tlsa_update::dns {

struct LdnsMessage {
  std::unique_ptr<ldns_pkt, decltype(&ldns_pkt_free)> packet{ldns_pkt_new(), &ldns_pkt_free};
  std::vector<Record> records;

  void add(const std::string& line) {
    ldns_rr* rr = nullptr;
    ASSERT_EQ(ldns_rr_new_frm_str(&rr, line.c_str(), 0, nullptr, nullptr), LDNS_STATUS_OK) << line;
    std::uint8_t* wire = nullptr;
    std::size_t size = 0;
    ASSERT_EQ(ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, &size), LDNS_STATUS_OK);
    const std::unique_ptr<std::uint8_t, decltype(&std::free)> owned(wire, &std::free);
    const std::size_t owner_size = ldns_rdf_size(ldns_rr_owner(rr));
    Record record;
    record.owner = Name::from_wire({wire, owner_size}).value();
    record.type = ldns_rr_get_type(rr);
    record.ttl = ldns_rr_ttl(rr);
    record.rdata.assign(wire + owner_size + 10, wire + size);
    records.push_back(record);
    ldns_pkt_push_rr(packet.get(), LDNS_SECTION_ANSWER, rr);
  }

  void ask(const char* name, std::uint16_t type) {
    ldns_rr* question = ldns_rr_new();
    ldns_rr_set_question(question, true);
    ldns_rr_set_owner(question, ldns_dname_new_frm_str(name));
    ldns_rr_set_type(question, static_cast<ldns_rr_type>(type));
    ldns_rr_set_class(question, LDNS_RR_CLASS_IN);
    ldns_pkt_push_rr(packet.get(), LDNS_SECTION_QUESTION, question);
  }

  [[nodiscard]] Bytes wire() const {
    std::uint8_t* octets = nullptr;
    std::size_t size = 0;
    EXPECT_EQ(ldns_pkt2wire(&octets, packet.get(), &size), LDNS_STATUS_OK);
    const std::unique_ptr<std::uint8_t, decltype(&std::free)> owned(octets, &std::free);
    return {octets, octets + size};
  }
};

}  // namespace tlsa_update::dns
