/// The account's own columns have room for 4,000 characters together in one event (EVT-2), as loaders of the field expect.
enum CustomValueRule {
    static let mostCharacters = 4000

    /// Why the event cannot be taken, or nil. `fields`: the numbers of the account's own columns.
    @inline(__always)
    static func problem(_ body: UnsafeRawBufferPointer, fields: @autoclosure () -> Set<UInt32>) -> String? {
        // A character is a byte at least: most events are through here.
        body.count <= mostCharacters ? nil : counted(body, fields())
    }

    private static func counted(_ body: UnsafeRawBufferPointer, _ fields: Set<UInt32>) -> String? {
        var characters = 0
        _ = EventBody.forEach(body) { field, value in
            // Every byte of UTF-8 that does not go on with a character begins one.
            if fields.contains(field) { characters += value.count { $0 & 0xC0 != 0x80 } }
        }
        return characters > mostCharacters
            ? "The account's own columns hold \(characters) characters together; an event has room for \(mostCharacters)." : nil
    }
}
