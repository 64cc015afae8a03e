import Crypto
import Foundation

/// What tells two events apart: 16 bytes made of the sender's id. The same id always gives the same key, and an event is stored once (EVT-6).
///
/// A UUID is its own 16 bytes, however it is spelled. An id of at most 15 bytes is kept as it is. Longer ones are the first half of their SHA-256.
public struct EventKey: Sendable, Equatable, Comparable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(id: UnsafeRawBufferPointer) {
        if id.count == 36, let (high, low) = Self.uuid(id) {
            self.init(high: high, low: low)
        } else if id.count <= 15 {
            var bytes: (UInt64, UInt64) = (0, 0)
            withUnsafeMutableBytes(of: &bytes) { buffer in
                buffer.copyBytes(from: id)
                buffer[15] = UInt8(id.count)
            }
            self.init(high: UInt64(bigEndian: bytes.0), low: UInt64(bigEndian: bytes.1))
        } else {
            self = SHA256.hash(data: id).withUnsafeBytes { digest in
                EventKey(
                    high: UInt64(bigEndian: digest.loadUnaligned(as: UInt64.self)),
                    low: UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
            }
        }
    }

    @inlinable
    public static func < (left: EventKey, right: EventKey) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }

    /// The two halves of a UUID in its usual form, or nil.
    private static func uuid(_ id: UnsafeRawBufferPointer) -> (UInt64, UInt64)? {
        var halves: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for place in 0..<36 {
            let byte = id[place]
            if place == 8 || place == 13 || place == 18 || place == 23 {
                if byte != 0x2D { return nil }
                continue
            }
            let value: UInt8
            switch byte {
            case 0x30...0x39: value = byte - 0x30
            case 0x61...0x66: value = byte - 0x57
            case 0x41...0x46: value = byte - 0x37
            default: return nil
            }
            if digits < 16 { halves.0 = halves.0 << 4 | UInt64(value) } else { halves.1 = halves.1 << 4 | UInt64(value) }
            digits += 1
        }
        return halves
    }
}

/// One event of a batch; its values are a piece of the batch's bytes (`EventBody`).
public struct EventEntry: Sendable {
    /// The store's number of its type.
    public var type: UInt32
    public var key: EventKey
    /// When it happened, in milliseconds since 1970 UTC.
    public var capturedUnixMilliseconds: Int64
    public var bodyStart: Int
    public var bodyCount: Int
}

/// An input line that holds no event that can be kept.
public struct EventReject: Sendable, Equatable, Encodable {
    /// From 1.
    public var line: Int64
    public var message: String
    /// The line, at most 1,000 bytes of it.
    public var raw: String

    public init(line: Int64, message: String, raw: String) {
        self.line = line
        self.message = message
        self.raw = raw
    }
}

/// Events on their way into a store, in the order in which they came. Filled by one thread, then read by one.
public final class EventBatch {
    public private(set) var entries: [EventEntry] = []
    public private(set) var rejects: [EventReject] = []
    public let bodies: ByteBuffer

    public init(byteCapacity: Int = 1 << 20) { bodies = ByteBuffer(capacity: byteCapacity) }

    public var isEmpty: Bool { entries.isEmpty && rejects.isEmpty }

    /// The values of an entry; valid until the batch changes.
    public func body(_ entry: EventEntry) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bodies.bytes[entry.bodyStart..<entry.bodyStart + entry.bodyCount])
    }

    /// What has been added since `start`; valid until the batch changes.
    func bytes(from start: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bodies.bytes[start...]) }

    func append(_ entry: EventEntry) { entries.append(entry) }

    /// Adds an event that was raised here, and not read. `type` and the fields of `values` are the store's numbers; empty values are left out.
    public func append(type: UInt32, id: String, capturedUnixMilliseconds: Int64, values: [(field: UInt32, text: String)]) {
        let start = bodies.count
        for value in values where !value.text.isEmpty {
            Array(value.text.utf8).withUnsafeBytes { EventBody.append(value.field, $0, to: bodies) }
        }
        let key = Array(id.utf8).withUnsafeBytes { EventKey(id: $0) }
        entries.append(
            EventEntry(type: type, key: key, capturedUnixMilliseconds: capturedUnixMilliseconds, bodyStart: start, bodyCount: bodies.count - start))
    }
    func reject(_ reject: EventReject) { rejects.append(reject) }

    public func removeAll() {
        entries.removeAll(keepingCapacity: true)
        rejects.removeAll(keepingCapacity: true)
        bodies.removeAll()
    }
}

/// The store's numbers of types and fields. Names are in upper case.
public protocol EventNames: AnyObject {
    /// Throws `event.type` (data) for one that is not taken.
    func type(_ name: String) throws -> UInt32
    /// Throws `event.field` (data) for a name that cannot be one.
    func field(_ name: String) throws -> UInt32
    /// Numbers that `field` has given to the account's own columns, whichever channel they are of.
    var ownColumns: Set<UInt32> { get }
}

/// The values of one event as bytes: for each field its number, its length, both as varints, and its text in UTF-8. Empty values are left out.
public enum EventBody {
    @inlinable
    public static func append(_ field: UInt32, _ value: UnsafeRawBufferPointer, to buffer: ByteBuffer) {
        varint(UInt64(field), to: buffer)
        varint(UInt64(value.count), to: buffer)
        buffer.append(value)
    }

    @inlinable
    static func varint(_ value: UInt64, to buffer: ByteBuffer) {
        var rest = value
        while rest >= 0x80 {
            buffer.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        buffer.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Calls `each` with every field and its value; false when the bytes are no body.
    @inlinable
    public static func forEach(_ body: UnsafeRawBufferPointer, _ each: (UInt32, UnsafeRawBufferPointer) throws -> Void) rethrows -> Bool {
        var place = 0
        while place < body.count {
            guard let field = varint(body, &place), let count = varint(body, &place), count <= body.count - place else { return false }
            try each(UInt32(truncatingIfNeeded: field), UnsafeRawBufferPointer(rebasing: body[place..<place + count]))
            place += count
        }
        return true
    }

    @inlinable
    static func varint(_ body: UnsafeRawBufferPointer, _ place: inout Int) -> Int? {
        var value = 0
        var shift = 0
        while place < body.count, shift <= 28 {
            let byte = body[place]
            place += 1
            value |= Int(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        return nil
    }
}
