"""A hundred thousand names that need no DNS, and whether ten times the names take more than ten times as long."""

from support.certificates import Certificate

ROOM = 1.2  # what start-up and caches may make of linear


def run(track):
    many = track.size(100_000)
    few = max(1, many // 10)
    certificate = Certificate(track.folder)

    def generate(count):
        names = track.write(
            f"{count}-names", "".join(f"h{number}.example.test:25\n" for number in range(count))
        )
        return lambda _: track.tlsa_update("generate", "--cert", certificate, "--names-from", names)

    figures = track.race(many=generate(many), few=generate(few))
    what = f"generate for {many} names"
    track.bound(what, "wall", figures["many"], 1)
    track.compare(what, "cpu", figures["many"], f"{few} names", figures["few"], ROOM * many / few)
    track.compare(what, "memory", figures["many"], f"{few} names", figures["few"], ROOM)
