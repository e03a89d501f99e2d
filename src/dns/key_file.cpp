#include "tlsa_update/dns/key_file.hpp"

#include "key_formats.hpp"
#include "mac.hpp"
#include "text_lines.hpp"
#include "tlsa_update/core/ascii.hpp"
#include "tlsa_update/core/base64.hpp"
#include "tlsa_update/core/count.hpp"
#include "tlsa_update/core/file_fault.hpp"

namespace tlsa_update::dns {
namespace {

// The first words of a file show its format, so the order does not matter; but a named.conf may
// hold anything, and comes last.
WrittenKeys read_any(std::string_view text, const std::string& path) {
  for (const auto read :
       {read_private_file, read_key_records, read_knot_section, read_colon_lines, read_bind_clauses}) {
    auto keys = read(text, path);
    if (!keys || !keys->empty()) return keys;
  }
  return wrong(
      "{}", {trimmed(text).empty() ? Words("the key file is empty") : Words("no TSIG key in this file")},
      "expected a key clause as tsig-keygen prints it (included files are not read), keymgr -t output, "
      "K*.private, K*.key, or one line algorithm:name:secret");
}

using NamedKey = std::pair<Name, WrittenKey>;

Fact names_of(const std::vector<NamedKey>& keys) {
  std::string names;
  for (const auto& [name, key] : keys) names += (names.empty() ? "" : ", ") + name.text();
  return Fact::not_of_file(names);
}

// Names are shown; so none is taken that was exchanged with the secret. Those of hosts have no such
// characters.
Parsed<NamedKey> named(const WrittenKey& key) {
  auto name = Name::parse(key.name);
  if (!name || name->is_root()) return wrong_at(key.line, "expected a domain name as the key's name");
  if (key.name.find_first_of("+/=") != std::string_view::npos)
    return wrong_at(key.line, "the name of this key looks like a secret", {},
                    "the name comes before the secret: are the two exchanged?");
  return NamedKey(*std::move(name), key);
}

// The key that is meant among those of the file.
Parsed<NamedKey> choose(const std::vector<WrittenKey>& written, const std::optional<Name>& wanted) {
  std::vector<NamedKey> keys, chosen;
  for (const auto& key : written) {
    auto one = named(key);
    if (!one) return one;
    if (!wanted || one->first == *wanted) chosen.push_back(*one);
    keys.push_back(*std::move(one));
  }
  const auto asked = Fact::not_of_file(wanted ? wanted->text() : std::string{});
  if (chosen.empty())
    return tl::unexpected(FileFault("no key {} in this file", {asked}, "it holds {}", {names_of(keys)}));
  if (chosen.size() == 1) return chosen.front();
  if (wanted) return wrong_at(chosen[1].second.line, "key {} is written twice", {asked});
  return wrong("the file holds several keys: {}", {names_of(keys)},
               "keep the one that you want in a file of its own");
}

Parsed<TsigAlgorithm> algorithm_of(const WrittenKey& key, KeyFile& file) {
  if (key.algorithm.empty()) {
    file.notes.emplace_back("no algorithm is given: hmac-sha256 is assumed");
    return TsigAlgorithm::hmac_sha256;
  }
  const auto algorithm = parse_algorithm(key.algorithm);
  if (algorithm) return *algorithm;
  const auto& error = algorithm.error();  // names what is short enough to be no secret
  return tl::unexpected(
      FileFault("{}", {Fact::not_of_file(error.what)}, "{}", {Fact::not_of_file(error.advice)}).at(key.line));
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

// `file` gets the key but for its secret.
Parsed<WrittenKey> read_key(std::string_view text, const std::string& path, const KeyFileOptions& options,
                            KeyFile& file) {
  const auto utf8 = text_of(text);
  if (!utf8) return tl::unexpected(utf8.error());
  const auto written = read_any(*utf8, path);
  if (!written) return tl::unexpected(written.error());
  auto chosen = choose(*written, options.key_name);
  if (!chosen) return tl::unexpected(chosen.error());
  file.key.name = std::move(chosen->first);
  const auto algorithm = algorithm_of(chosen->second, file);
  if (!algorithm) return tl::unexpected(algorithm.error());
  file.key.algorithm = *algorithm;
  return chosen->second;
}

Parsed<Secret> secret_of(const WrittenKey& key) {
  auto secret = from_base64(key.secret);
  if (!secret) return wrong_at(key.line, "expected the secret of this key in base64");
  if (secret->empty()) return wrong_at(key.line, "this key has no secret");
  return std::move(*secret);
}

}  // namespace

Result<KeyFile> parse_key_file(const Secret& text, const std::string& path, const KeyFileOptions& options) {
  const auto octets = text.view();
  KeyFile file;
  const auto written = read_key(as_text(octets), path, options, file);
  if (!written) return tl::unexpected(written.error().in(path));
  if (const auto permitted = permit(file.key, path, options.allow_weak); !permitted)
    return tl::unexpected(permitted.error());
  auto secret = secret_of(*written);
  if (!secret) return tl::unexpected(secret.error().in(path));
  file.key.secret = *std::move(secret);
  const auto size = mac_size(file.key.algorithm);
  if (file.key.secret.size() < size) {  // RFC 8945 section 8
    file.notes.push_back("the secret of " + file.key.label() + " has " +
                         count(file.key.secret.size(), "octet") + ", fewer than the " + std::to_string(size) +
                         " of the hash (RFC 8945 section 8)");
  }
  return file;
}

}  // namespace tlsa_update::dns
