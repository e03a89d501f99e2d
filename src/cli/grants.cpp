#include "grants.hpp"

#include <algorithm>

namespace tlsa_update::cli {
namespace {

std::string without_dot(const Name& name) {
  auto text = name.text();
  if (text.size() > 1) text.pop_back();
  return text;
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

// BIND 9 Administrator Reference Manual: key, update-policy, tls. The rule type "name" means this very name.
std::string bind_lines(const Name& zone, const Grantee& grantee, const std::vector<Name>& owners) {
  const auto key = quoted(without_dot(grantee.key));
  std::string out = "// The secret is the one in " + printable(grantee.file) + "\n";
  out += "key " + key + " {\n    algorithm " + std::string(dns::text(grantee.algorithm)) +
         ";\n    secret \"...\";\n};\n";
  if (grantee.over_tls) {
    out += "tls \"tlsa-update\" {\n    cert-file \"...\";\n    key-file \"...\";\n};\n";
    out += "// in options: listen-on port 853 tls \"tlsa-update\" { any; };\n";
    out += "//             listen-on-v6 port 853 tls \"tlsa-update\" { any; };\n";
  }
  out += "// in zone " + quoted(without_dot(zone)) + ":\nupdate-policy {\n";
  for (const auto& owner : owners) out += "    grant " + key + " name " + quoted(owner.text()) + " TLSA;\n";
  return out + "};\n";
}

// Knot DNS reference: without update-owner-match: equal, every name below would be granted as well.
std::string knot_lines(const Name& zone, const Grantee& grantee, const std::vector<Name>& owners) {
  const auto key = quoted(without_dot(grantee.key));
  const auto acl = quoted("tlsa-update-" + without_dot(zone));
  std::string out = "# The secret is the one in " + printable(grantee.file) + "\n";
  out += "key:\n  - id: " + key + "\n    algorithm: " + std::string(dns::text(grantee.algorithm)) +
         "\n    secret: \"...\"\n\n";
  out +=
      "acl:\n  - id: " + acl + "\n    key: " + key +
      "\n    action: update\n    update-type: TLSA\n    update-owner: name\n    update-owner-match: equal\n"
      "    update-owner-name: [";
  for (const auto& owner : owners) out += (owner == owners.front() ? "" : ", ") + quoted(owner.text());
  return out + "]\n\n# in the item of zone " + quoted(without_dot(zone)) + ":\n#   acl: " + acl + "\n";
}

}  // namespace

Grants grants_for(const Name& zone, const Grantee& grantee, std::vector<Name> owners) {
  std::sort(owners.begin(), owners.end());
  owners.erase(std::unique(owners.begin(), owners.end()), owners.end());
  return {zone, bind_lines(zone, grantee, owners), knot_lines(zone, grantee, owners)};
}

}  // namespace tlsa_update::cli
