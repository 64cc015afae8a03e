internal import ConnectorKit
internal import Glibc

extension WaitLimits {
    /// When a wait that begins now is over, on the clock of `MonotonicClock`.
    func end(now: Int64) -> Int64 {
        var end = now + stallMilliseconds
        if let deadlineMilliseconds { end = min(end, deadlineMilliseconds) }
        if let call, call.deadlineUnixMilliseconds > 0 {
            end = min(end, now + call.deadlineUnixMilliseconds - MonotonicClock.unixMilliseconds())
        }
        return end
    }

    /// Throws `.cancelled` once the host or `signal` wants the wait to end.
    func checkCancellation(_ signal: CancelSignal) throws(ConnectorError) {
        if let call, call.isCancelled || signal.isRaised { throw ConnectorError(.cancelled, "The transfer was cancelled.") }
    }

    /// Waits until `descriptor` has one of `events`, the limits' call or `signal` says stop, or the time is over; which of them is for the caller
    /// to ask. A call without a descriptor to wait on is to be asked now and then, so the wait is short for it.
    func poll(_ descriptor: Int32, _ events: Int32, _ signal: CancelSignal, milliseconds: Int64) -> Bool {
        var slice = max(0, milliseconds)
        if let call, call.cancelFileDescriptor < 0 { slice = min(slice, 100) }
        return withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 3) { polled in
            polled[0] = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            polled[1] = pollfd(fd: call == nil ? -1 : signal.descriptor, events: Int16(POLLIN), revents: 0)
            polled[2] = pollfd(fd: call?.cancelFileDescriptor ?? -1, events: Int16(POLLIN), revents: 0)
            return Glibc.poll(polled.baseAddress, 3, Int32(clamping: slice)) > 0 && polled[0].revents != 0
        }
    }
}
