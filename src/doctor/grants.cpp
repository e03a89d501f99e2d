#include "grants.hpp"

#include <algorithm>

namespace tlsa_update::doctor {
namespace {

std::string quoted(const std::string& text) { return '"' + text + '"'; }
std::string quoted(const Name& name) { return quoted(name.host_text()); }

// The keys that the server must know, each once.
std::vector<GrantedKey> keys_of(const Grantee& grantee) {
  std::vector keys{grantee.writer};
  if (grantee.reader && grantee.reader->name != grantee.writer.name) keys.push_back(*grantee.reader);
  return keys;
}

std::string bind_key(const GrantedKey& key) {
  return "// The secret is the one in " + printable(key.file) + "\nkey " + quoted(key.name) +
         " {\n    algorithm " + std::string(dns::text(key.algorithm)) + ";\n    secret \"...\";\n};\n";
}

// BIND 9 Administrator Reference Manual: key, update-policy, allow-transfer, tls. The rule type "name" means
// this very name.
std::string bind_lines(const Name& zone, const Grantee& grantee, const std::vector<Name>& owners) {
  std::string out;
  for (const auto& key : keys_of(grantee)) out += bind_key(key);
  if (grantee.over_tls) {
    out += "tls \"tlsa-update\" {\n    cert-file \"...\";\n    key-file \"...\";\n};\n";
    out += "// in options: listen-on port 853 tls \"tlsa-update\" { any; };\n";
    out += "//             listen-on-v6 port 853 tls \"tlsa-update\" { any; };\n";
  }
  out += "// in zone " + quoted(zone) + "; an update-policy that is there already takes the grants:\n";
  out += "update-policy {\n";
  for (const auto& owner : owners)
    out += "    grant " + quoted(grantee.writer.name) + " name " + quoted(owner.text()) + " TLSA;\n";
  out += "};\n";
  if (grantee.reader) out += "allow-transfer { key " + quoted(grantee.reader->name) + "; };\n";
  return out;
}

std::string knot_key(const GrantedKey& key) {
  return "  # The secret is the one in " + printable(key.file) + "\n  - id: " + quoted(key.name) +
         "\n    algorithm: " + std::string(dns::text(key.algorithm)) + "\n    secret: \"...\"\n";
}

// Knot DNS reference: without update-owner-match: equal, every name below would be granted as well.
std::string knot_lines(const Name& zone, const Grantee& grantee, const std::vector<Name>& owners) {
  const auto label = "tlsa-update-" + zone.host_text();
  std::string out = "key:\n", names, rules = quoted(label);
  for (const auto& key : keys_of(grantee)) out += knot_key(key);
  for (const auto& owner : owners) names += (names.empty() ? "" : ", ") + quoted(owner.text());
  out +=
      "\nacl:\n  - id: " + quoted(label) + "\n    key: " + quoted(grantee.writer.name) +
      "\n    action: update\n    update-type: TLSA\n    update-owner: name\n    update-owner-match: equal\n"
      "    update-owner-name: [" +
      names + "]\n";
  if (grantee.reader) {
    const auto transfer = quoted(label + "-transfer");
    out += "  - id: " + transfer + "\n    key: " + quoted(grantee.reader->name) + "\n    action: transfer\n";
    rules = "[" + rules + ", " + transfer + "]";
  }
  return out + "\n# in the item of zone " + quoted(zone) +
         "; an acl that is there already takes the names:\n#   acl: " + rules + "\n";
}

// PowerDNS manual, "Dynamic DNS Update" and pdnsutil(1). add-meta leaves the keys that are there.
std::string powerdns_lines(const Name& zone, const Grantee& grantee) {
  std::string out;
  for (const auto& key : keys_of(grantee)) {
    out += "# The secret is the one in " + printable(key.file) + "\npdnsutil import-tsig-key " +
           quoted(key.name) + " " + std::string(dns::text(key.algorithm)) + " '...'\n";
  }
  const auto add_meta = "pdnsutil add-meta " + quoted(zone) + " ";
  out += add_meta + "TSIG-ALLOW-DNSUPDATE " + quoted(grantee.writer.name) + "\n";
  if (grantee.reader) out += add_meta + "TSIG-ALLOW-AXFR " + quoted(grantee.reader->name) + "\n";
  return out +
         "# in pdns.conf: dnsupdate=yes; unless allow-dnsupdate-from there holds the address of this machine "
         "(it "
         "is\n# loopback by default):\n#   " +
         add_meta +
         "ALLOW-DNSUPDATE-FROM ADDRESS\n"
         "# The key may then change everything in the zone; only a Lua policy (lua-dnsupdate-policy-script) "
         "can\n"
         "# limit it to TLSA records, and such a policy drops other changes in silence.\n";
}

}  // namespace

report::Grants grants_for(const Name& zone, const Grantee& grantee, std::vector<Name> owners) {
  std::sort(owners.begin(), owners.end());
  owners.erase(std::unique(owners.begin(), owners.end()), owners.end());
  return {zone, bind_lines(zone, grantee, owners), knot_lines(zone, grantee, owners),
          powerdns_lines(zone, grantee)};
}

}  // namespace tlsa_update::doctor
