// drain ADDRESS PORT OCTETS < REQUEST
//
// Sends REQUEST to an IPv4 address over TCP, reads OCTETS octets, looks at none of them and prints how many
// it read: the fastest that anybody could receive a transfer. OCTETS 0: reads until nothing has come for two
// seconds, to learn how many there are.
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

std::array<char, 256 * 1024> room;  // as large as that of tlsa-update

int fail(const char* what) {
  std::perror(what);
  return EXIT_FAILURE;
}

bool send_request(int server) {
  for (ssize_t size = 0; (size = ::read(STDIN_FILENO, room.data(), room.size())) > 0;) {
    if (::write(server, room.data(), static_cast<std::size_t>(size)) != size) return false;
  }
  return true;
}

long receive(int server, long wanted) {
  long received = 0;
  while (wanted == 0 || received < wanted) {
    const ssize_t size = ::read(server, room.data(), room.size());
    if (size <= 0) break;
    received += size;
  }
  return received;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: drain ADDRESS PORT OCTETS < REQUEST\n", stderr);
    return EXIT_FAILURE;
  }
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
  const long wanted = std::atol(argv[3]);
  if (::inet_pton(AF_INET, argv[1], &where.sin_addr) != 1) return fail(argv[1]);

  const int server = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval patience{2, 0};
  (void)::setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  // The sockets API takes any kind of address as a sockaddr.
  if (::connect(server, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) return fail("connect");
  if (!send_request(server)) return fail("write");
  const long received = receive(server, wanted);
  std::printf("%ld\n", received);
  return wanted == 0 || received == wanted ? EXIT_SUCCESS : EXIT_FAILURE;
}
