#include <algorithm>

#include "options.hpp"

namespace tlsa_update::cli {
namespace {

struct CommandHelp {
  Command command;
  const char* summary;
  const char* example;
};

constexpr CommandHelp command_helps[] = {
    {Command::generate, "print the records of certificates, keys or a live server; needs no DNS",
     "tlsa-update generate --cert fullchain.pem mail.example.com:25"},
    {Command::status, "show what is wanted, published and served side by side",
     "tlsa-update status --cert fullchain.pem --server ns0.example.net --key-file tsig.key "
     "mail.example.com:25"},
    {Command::publish, "add the records that are missing",
     "tlsa-update publish --cert fullchain.pem --server ns0.example.net --key-file tsig.key "
     "mail.example.com:25,465"},
    {Command::ready, "exit 0 once the given credentials may be deployed, else say when",
     "tlsa-update ready --wait --cert new.pem --key-file tsig.key mail.example.com:25"},
    {Command::deploy, "when ready: install the files and run the reload command", "tlsa-update deploy mail"},
    {Command::prune, "delete what is stale and provably safe to delete", "tlsa-update prune mail"},
    {Command::run, "one pass of all of it; what hooks and timers call", "tlsa-update run mail"},
    {Command::verify, "monitor DNSSEC and every endpoint's chain against the published records",
     "tlsa-update verify --monitor mail.example.com:25"},
    {Command::list, "every TLSA RRset of a zone, with what it matches",
     "tlsa-update list --server ns0.example.net --key-file tsig.key example.com"},
    {Command::doctor, "test key, server, zone, permissions, signing and secondaries",
     "tlsa-update doctor mail"},
};

constexpr std::size_t column = 34;

void add_row(std::string& out, std::string left, const char* right) {
  left.resize(std::max(left.size() + 2, column), ' ');
  out += left + right + "\n";
}

void add_option_rows(std::string& out, unsigned commands_mask) {
  for (const auto& option : options()) {
    if ((option.commands & commands_mask) == 0) continue;
    std::string left = option.letter != 0 ? std::string("  -") + option.letter + ", --" : "      --";
    left += option.name;
    if (option.argument != nullptr) left += std::string(" ") + option.argument;
    add_row(out, left, option.help);
  }
  add_row(out, "  -v, --verbose", "log also each connection, repeated attempt and change");
  add_row(out, "  -h, --help", "this text");
  add_row(out, "      --version", "versions of the program and its libraries");
}

}  // namespace

std::string help() {
  std::string out =
      "tlsa-update keeps DANE TLSA records in step with certificates, without an outage.\n\n"
      "Usage: tlsa-update COMMAND [OPTION]... [NAME]...\n\nCommands:\n";
  for (const auto& row : command_helps) add_row(out, "  " + std::string(text(row.command)), row.summary);
  out +=
      "\nNAME: HOST:PORT[,PORT...][/tcp|udp|sctp|dccp], an owner such as _25._tcp.HOST, mx:DOMAIN[:PORT],\n"
      "srv:_SERVICE._PROTO.DOMAIN, or the name of a configured service.\n\n"
      "tlsa-update COMMAND --help lists the options of a command. Manual: tlsa-update(1), "
      "tlsa-rollover(7).\n";
  return out;
}

std::string help(Command command) {
  std::string out;
  for (const auto& row : command_helps) {
    if (row.command != command) continue;
    out += "tlsa-update " + std::string(text(command)) + ": " + row.summary + "\n\nUsage: tlsa-update " +
           std::string(text(command)) + " [OPTION]... " +
           (command == Command::list ? "ZONE..." : "[NAME]...") + "\n\nOptions:\n";
    add_option_rows(out, static_cast<unsigned>(command));
    out += "\nExample:\n  " + std::string(row.example) + "\n";
  }
  return out;
}

}  // namespace tlsa_update::cli
