// Most of the time of a test is the peer's start and waiting for sockets.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
