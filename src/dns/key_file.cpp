#include "tlsa_update/dns/key_file.hpp"

#include "base64.hpp"
#include "key_formats.hpp"
#include "mac.hpp"
#include "text_lines.hpp"

namespace tlsa_update::dns {
namespace {

// Each format is told from the others by its first words, so the order does not matter; but a named.conf may
// hold anything, and comes last.
WrittenKeys read_any(std::string_view text, const std::string& path) {
  for (const auto read :
       {read_private_file, read_key_records, read_knot_section, read_colon_lines, read_bind_clauses}) {
    auto keys = read(text, path);
    if (!keys || !keys->empty()) return keys;
  }
  return fail(
      ErrorCode::bad_data, trimmed(text).empty() ? "the key file is empty" : "no TSIG key in this file", path,
      "expected a key clause as tsig-keygen prints it (included files are not read), keymgr -t output, "
      "K*.private, K*.key, or one line algorithm:name:secret");
}

std::string names_of(const std::vector<std::pair<Name, WrittenKey>>& keys) {
  std::string names;
  for (const auto& [name, key] : keys) names += (names.empty() ? "" : ", ") + name.text();
  return names;
}

// The key that is meant among those of the file.
Result<std::pair<Name, WrittenKey>> choose(const std::vector<WrittenKey>& written, const std::string& path,
                                           const std::optional<Name>& wanted) {
  std::vector<std::pair<Name, WrittenKey>> keys, chosen;
  for (const auto& key : written) {
    const auto name = Name::parse(key.name);
    if (!name || name->is_root()) return bad_line(path, key.line, "expected a domain name as the key's name");
    keys.emplace_back(*name, key);
    if (!wanted || *name == *wanted) chosen.emplace_back(*name, key);
  }
  if (chosen.empty())
    return fail(ErrorCode::bad_data, "no key " + wanted->text() + " in this file", path,
                "it holds " + names_of(keys));
  if (chosen.size() == 1) return chosen.front();
  if (wanted) return bad_line(path, chosen[1].second.line, "key " + wanted->text() + " is written twice");
  return fail(ErrorCode::bad_data, "the file holds several keys: " + names_of(keys), path,
              "keep the one that is meant in a file of its own");
}

Result<TsigAlgorithm> algorithm_of(const WrittenKey& key, const std::string& path, KeyFile& file) {
  if (key.algorithm.empty()) {
    file.notes.emplace_back("no algorithm is given: hmac-sha256 is assumed");
    return TsigAlgorithm::hmac_sha256;
  }
  return parse_algorithm(key.algorithm).map_error([&](Error error) {
    error.where = path + ":" + std::to_string(key.line);
    return error;
  });
}

Result<void> permit(const TsigKey& key, const std::string& path, bool allow_weak) {
  if (is_weak(key.algorithm) && !allow_weak) {
    return fail(ErrorCode::refused, key.label() + " uses a weak algorithm (RFC 8945 section 6)", path,
                "make a new one with tsig-keygen -a hmac-sha256, or allow it with --allow-weak-tsig");
  }
  if (!is_available(key.algorithm)) {
    return fail(ErrorCode::refused,
                "OpenSSL on this system does not offer " + std::string(text(key.algorithm)), path,
                "make a new key with tsig-keygen -a hmac-sha256");
  }
  return {};
}

}  // namespace

Result<KeyFile> parse_key_file(const Secret& text, const std::string& path, const KeyFileOptions& options) {
  const auto octets = text.view();
  const std::string_view characters(reinterpret_cast<const char*>(octets.data()), octets.size());
  const auto written = read_any(characters, path);
  if (!written) return tl::unexpected(written.error());
  const auto chosen = choose(*written, path, options.key_name);
  if (!chosen) return tl::unexpected(chosen.error());
  const auto& [name, key] = *chosen;

  KeyFile file;
  file.key.name = name;
  const auto algorithm = algorithm_of(key, path, file);
  if (!algorithm) return tl::unexpected(algorithm.error());
  file.key.algorithm = *algorithm;
  if (const auto permitted = permit(file.key, path, options.allow_weak); !permitted)
    return tl::unexpected(permitted.error());

  // Not even the name is told here: somebody may have exchanged the two.
  auto secret = from_base64(key.secret);
  if (!secret) return bad_line(path, key.line, "expected the secret of this key in base64");
  if (secret->empty()) return bad_line(path, key.line, "this key has no secret");
  file.key.secret = Secret(*std::move(secret));
  if (file.key.secret.size() < mac_size(*algorithm)) {  // RFC 8945 section 8
    file.notes.push_back("the secret of " + file.key.label() + " has " +
                         std::to_string(file.key.secret.size()) + " octets, fewer than the " +
                         std::to_string(mac_size(*algorithm)) + " of the hash (RFC 8945 section 8)");
  }
  return file;
}

}  // namespace tlsa_update::dns
