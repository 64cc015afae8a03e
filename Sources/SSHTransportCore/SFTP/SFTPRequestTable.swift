/// Names one request that waits for its reply. Ids are used again, but never while they are out.
public struct SFTPRequestID: Sendable, Hashable {
    /// As on the wire: the place in the table below, how often the place was used above.
    let number: UInt32
    /// The place in a table of `SFTPRequestTable.capacity`; unique among the requests that wait.
    public var slot: Int { Int(number & UInt32(SFTPRequestTable.capacity - 1)) }
}

/// The requests that wait for a reply: which replies each may get. Fixed size, so a request costs no allocation and no hashing.
struct SFTPRequestTable {
    /// Power of two; far above the requests a client has in flight.
    static let capacity = 256

    /// What a request may be answered with, besides a status.
    enum Expectation {
        case statusOnly
        case handle
        /// At most so many bytes.
        case data(Int)
        case names
        case attributes
        case extended
    }

    private struct Slot {
        var uses: UInt32 = 0
        var expectation: Expectation?
    }

    private var slots = [Slot](repeating: Slot(), count: capacity)
    private var free = Array((0..<capacity).reversed())

    var count: Int { Self.capacity - free.count }
    var isFull: Bool { free.isEmpty }

    /// nil when the table is full.
    mutating func add(_ expectation: Expectation) -> SFTPRequestID? {
        guard let slot = free.popLast() else { return nil }
        slots[slot].uses &+= 1
        slots[slot].expectation = expectation
        return SFTPRequestID(number: number(of: slot))
    }

    /// Matches a reply to its request. The place stays taken until `release`.
    mutating func answer(_ number: UInt32) throws(SFTPViolation) -> (SFTPRequestID, Expectation) {
        let id = SFTPRequestID(number: number)
        guard let expectation = slots[id.slot].expectation, self.number(of: id.slot) == number else {
            throw SFTPViolation("The server answered a request (\(number)) that was not made.")
        }
        slots[id.slot].expectation = nil
        return (id, expectation)
    }

    /// The reply, contents and all, has been taken.
    mutating func release(_ id: SFTPRequestID) { free.append(id.slot) }

    private func number(of slot: Int) -> UInt32 {
        slots[slot].uses &* UInt32(Self.capacity) | UInt32(slot)
    }
}
