"""Plays the cases of a table several at once: most of their time goes by in waiting for a timeout."""

import concurrent.futures

MOST = 8


class AtOnce:
    """`play(case)` for every case that this session asks for, in a module's fixture:

    with AtOnce(request, play) as plays:
        yield plays

    and `plays[case]` in its test, which has one parameter `case`, is what came of it."""

    def __init__(self, request, play):
        ours = [
            getattr(item, "callspec", None) for item in request.session.items if item.path == request.path
        ]
        wanted = [spec.params["case"] for spec in ours if spec and "case" in spec.params]
        self._wanted = list(dict.fromkeys(wanted))  # several tests may look at one play
        self._play = play

    def __enter__(self):
        self._pool = concurrent.futures.ThreadPoolExecutor(MOST)
        self._plays = {case: self._pool.submit(self._play, case) for case in self._wanted}
        return self

    def __exit__(self, *_):
        self._pool.shutdown(cancel_futures=True)

    def __getitem__(self, case):
        return self._plays[case].result()
