import ConnectModel

/// Makes events of JSON objects, one a line (EVT-6). One thread.
///
/// `id`, `type` and `time` (or `EVENT_CAPTURED_DT`) are the event's own; every other name is a field, in upper case. The envelope of CloudEvents is understood: with
/// `specversion` its context attributes are no fields, and the members of `data` are. Values are texts, numbers and truth values; null and "" mean none.
///
/// On the hot path: bytes are looked at once, and no name is looked up while lines have their names in the order of the line before.
public final class EventLineReader {
    private enum Role {
        case id, type, time, data, envelope
        case field(UInt32)
    }

    private struct Known {
        let name: [UInt8]
        let role: Role
    }

    private struct Failure: Error {
        let message: String
    }

    private let names: any EventNames
    private var roles: [[UInt8]: Role] = [:]
    /// The names of the last line in order, by which the next line is read first.
    private var order: [Known] = []
    private var place = 0
    private var lastType: (name: [UInt8], number: UInt32) = ([], 0)
    private let now: Int64
    private let unescaped = ByteBuffer(capacity: 4096)

    /// `now` is when an event without a time has happened.
    public init(names: any EventNames, now: Int64) {
        self.names = names
        self.now = now
    }

    /// Adds the line's event to the batch, or a reject. Blank lines are passed over.
    public func read(_ line: UnsafeRawBufferPointer, number: Int64, into batch: EventBatch) throws {
        let start = batch.bodies.count
        do {
            var cursor = Cursor(line)
            cursor.skipBlanks()
            if cursor.isAtEnd { return }
            place = 0
            var found = Found(captured: now)
            try readObject(&cursor, into: batch, &found)
            cursor.skipBlanks()
            guard cursor.isAtEnd else { throw Failure(message: "Something stands behind the object.") }
            guard let key = found.key else { throw Failure(message: "It has no id.") }
            guard let type = found.type else { throw Failure(message: "It has no type.") }
            if let wrong = CustomValueRule.problem(batch.bytes(from: start), fields: names.ownColumns) { throw Failure(message: wrong) }
            batch.append(
                EventEntry(
                    type: type, key: key, capturedUnixMilliseconds: found.captured, bodyStart: start, bodyCount: batch.bodies.count - start))
        } catch let failure as Failure {
            batch.bodies.truncate(to: start)
            batch.reject(EventReject(line: number, message: failure.message, raw: String(decoding: line.prefix(1000), as: UTF8.self)))
        } catch let error as ConnectError where error.category == .data {
            batch.bodies.truncate(to: start)
            batch.reject(EventReject(line: number, message: error.message, raw: String(decoding: line.prefix(1000), as: UTF8.self)))
        }
    }

    private struct Found {
        var key: EventKey?
        var type: UInt32?
        var captured: Int64
    }

    /// A place in a line.
    private struct Cursor {
        let bytes: UnsafeRawBufferPointer
        var place = 0

        init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        var isAtEnd: Bool { place >= bytes.count }

        @inline(__always)
        mutating func skipBlanks() {
            while place < bytes.count, bytes[place] <= 0x20 { place += 1 }
        }

        @inline(__always)
        mutating func take(_ byte: UInt8) -> Bool {
            skipBlanks()
            guard place < bytes.count, bytes[place] == byte else { return false }
            place += 1
            return true
        }
    }

    private func readObject(_ cursor: inout Cursor, into batch: EventBatch, _ found: inout Found) throws {
        guard cursor.take(0x7B) else { throw Failure(message: "The line is no JSON object.") }
        if cursor.take(0x7D) { return }
        repeat {
            guard cursor.take(0x22) else { throw Failure(message: "A name in quotes is expected.") }
            let role = try role(of: try name(&cursor))
            guard cursor.take(0x3A) else { throw Failure(message: "A colon is expected behind a name.") }
            cursor.skipBlanks()
            if case .data = role, cursor.place < cursor.bytes.count, cursor.bytes[cursor.place] == 0x7B {
                try readObject(&cursor, into: batch, &found)
                continue
            }
            try keep(try value(&cursor), role, into: batch, &found)
        } while cursor.take(0x2C)
        guard cursor.take(0x7D) else { throw Failure(message: "The object does not end.") }
    }

    private func keep(_ value: UnsafeRawBufferPointer, _ role: Role, into batch: EventBatch, _ found: inout Found) throws {
        guard !value.isEmpty else { return }
        switch role {
        case .field(let number): EventBody.append(number, value, to: batch.bodies)
        case .id: found.key = EventKey(id: value)
        case .type: found.type = try type(value)
        case .time:
            guard let time = EventTime.milliseconds(value) else {
                throw Failure(message: "The time \"\(String(decoding: value.prefix(40), as: UTF8.self))\" is not one; write 2025-03-01T12:00:00Z.")
            }
            found.captured = time
        case .envelope: break
        case .data: throw Failure(message: "\"data\" is an object.")
        }
    }

    /// The bytes between the quotes; the cursor stands behind the second. Names have no escapes.
    @inline(__always)
    private func name(_ cursor: inout Cursor) throws -> UnsafeRawBufferPointer {
        let start = cursor.place
        while cursor.place < cursor.bytes.count, cursor.bytes[cursor.place] != 0x22 { cursor.place += 1 }
        guard cursor.place < cursor.bytes.count else { throw Failure(message: "A name does not end.") }
        cursor.place += 1
        return UnsafeRawBufferPointer(rebasing: cursor.bytes[start..<cursor.place - 1])
    }

    @inline(__always)
    private func role(of name: UnsafeRawBufferPointer) throws -> Role {
        if place < order.count, order[place].name.count == name.count, order[place].name.elementsEqual(name) {
            place += 1
            return order[place - 1].role
        }
        return try lookUp(name)
    }

    private func lookUp(_ name: UnsafeRawBufferPointer) throws -> Role {
        let bytes = Array(name)
        let role = try roles[bytes] ?? newRole(bytes)
        roles[bytes] = role
        let known = Known(name: bytes, role: role)
        if place < order.count { order[place] = known } else if order.count < 256 { order.append(known) }
        place += 1
        return role
    }

    private func newRole(_ name: [UInt8]) throws -> Role {
        let text = String(decoding: name, as: UTF8.self)
        switch text {
        case "id", "ID", "EVENT_ID": return .id
        case "type", "TYPE", "EVENT_TYPE": return .type
        case "time", "TIME", "EVENT_CAPTURED_DT": return .time
        case "data": return .data
        case "specversion", "source", "subject", "datacontenttype", "dataschema": return .envelope
        default: return .field(try names.field(text.uppercased()))
        }
    }

    /// Of "com.example.login" the last word counts.
    private func type(_ value: UnsafeRawBufferPointer) throws -> UInt32 {
        if lastType.name.count == value.count, !value.isEmpty, lastType.name.elementsEqual(value) { return lastType.number }
        let text = String(decoding: value, as: UTF8.self).uppercased()
        let number = try names.type(text.split(separator: ".").last.map(String.init) ?? text)
        lastType = (Array(value), number)
        return number
    }

    /// A text or literal as the bytes of its value; null is empty. Valid until the next call.
    @inline(__always)
    private func value(_ cursor: inout Cursor) throws -> UnsafeRawBufferPointer {
        let bytes = cursor.bytes
        guard cursor.place < bytes.count else { throw Failure(message: "A value is missing.") }
        if bytes[cursor.place] != 0x22 { return try literal(&cursor) }
        let start = cursor.place + 1
        var end = start
        while end < bytes.count {
            let byte = bytes[end]
            if byte == 0x22 {
                cursor.place = end + 1
                return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            }
            if byte == 0x5C || byte < 0x20 { return try escaped(&cursor, from: start) }
            end += 1
        }
        throw Failure(message: "A text does not end.")
    }

    private func literal(_ cursor: inout Cursor) throws -> UnsafeRawBufferPointer {
        let start = cursor.place
        while cursor.place < cursor.bytes.count, ![0x2C, 0x7D, 0x20, 0x09, 0x0D].contains(cursor.bytes[cursor.place]) { cursor.place += 1 }
        let value = UnsafeRawBufferPointer(rebasing: cursor.bytes[start..<cursor.place])
        if value.elementsEqual("null".utf8) { return UnsafeRawBufferPointer(rebasing: value.prefix(0)) }
        let isNumber =
            value.first.map { $0 == 0x2D || (0x30...0x39).contains($0) } ?? false
            && value.allSatisfy { (0x30...0x39).contains($0) || [0x2D, 0x2B, 0x2E, 0x65, 0x45].contains($0) }
        guard isNumber || value.elementsEqual("true".utf8) || value.elementsEqual("false".utf8) else {
            throw Failure(message: "A value is neither a text nor a number, true, false or null.")
        }
        return value
    }

    private func escaped(_ cursor: inout Cursor, from start: Int) throws -> UnsafeRawBufferPointer {
        unescaped.removeAll()
        var place = start
        let bytes = cursor.bytes
        while place < bytes.count {
            let byte = bytes[place]
            if byte == 0x22 {
                cursor.place = place + 1
                return unescaped.bytes
            }
            place += 1
            guard byte == 0x5C else {
                guard byte >= 0x20 else { throw Failure(message: "A text holds a control character that is not escaped.") }
                unescaped.append(byte)
                continue
            }
            guard place < bytes.count else { break }
            let mark = bytes[place]
            place += 1
            switch mark {
            case 0x22, 0x5C, 0x2F: unescaped.append(mark)
            case 0x62: unescaped.append(0x08)
            case 0x66: unescaped.append(0x0C)
            case 0x6E: unescaped.append(0x0A)
            case 0x72: unescaped.append(0x0D)
            case 0x74: unescaped.append(0x09)
            case 0x75: try appendScalar(bytes, &place)
            default: throw Failure(message: "A text holds an escape that JSON does not know.")
            }
        }
        throw Failure(message: "A text does not end.")
    }

    private func appendScalar(_ bytes: UnsafeRawBufferPointer, _ place: inout Int) throws {
        var value = try unit(bytes, &place)
        if (0xD800...0xDBFF).contains(value), place + 1 < bytes.count, bytes[place] == 0x5C, bytes[place + 1] == 0x75 {
            place += 2
            let low = try unit(bytes, &place)
            guard (0xDC00...0xDFFF).contains(low) else { throw Failure(message: "A text holds half of a character.") }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else { throw Failure(message: "A text holds half of a character.") }
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { unescaped.append(byte) }
    }

    private func unit(_ bytes: UnsafeRawBufferPointer, _ place: inout Int) throws -> UInt32 {
        guard place + 4 <= bytes.count, let value = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16) else {
            throw Failure(message: "A text holds an escape that is not whole.")
        }
        place += 4
        return value
    }
}
