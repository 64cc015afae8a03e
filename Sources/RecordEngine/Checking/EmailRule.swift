import ConnectModel

/// An e-mail address as mail systems accept it, stored in lower case (IMP-15).
///
/// Decided where RFC 5321 and 5322 allow more than mail systems do:
/// - At most 254 bytes in all, 64 before the `@` (RFC 5321 §4.5.3.1, erratum 1690).
/// - Before the `@`: letters, digits and `!#$%&'*+-/=?^_{|}~` and the backtick, with single dots between them. Quoted local parts (`"a b"@…`),
///   comments and letters outside ASCII are refused: no large provider gives such addresses out, and few senders can deliver to them.
/// - Behind it: at least two labels of 1 to 63 bytes of letters, digits and inner hyphens. Names in other scripts are accepted as
///   written (`müller.example`, checked near to UTS 46) and as A-labels. The last label must be a known top-level domain.
///   Addresses with IP literals and with a dot at the end are refused.
/// - Lower case, because every large provider ignores case: otherwise one person would stand in a list twice, with one hash.
struct EmailRule: ValueRule {
    let topLevelDomains: TopLevelDomains

    private static let mostBytes = 254
    private static let mostLocalBytes = 64

    func check(_ value: UnsafeRawBufferPointer, into output: ByteBuffer) -> RejectReason? {
        guard (3...Self.mostBytes).contains(value.count), let separator = localPartEnd(value) else { return .malformedEmail }
        output.reserve(value.count)
        let target = output.tail
        var high: UInt8 = 0
        for index in 0..<value.count {
            let byte = value[index]
            high |= byte
            target.storeBytes(of: ASCII.lower(byte), toByteOffset: index, as: UInt8.self)
        }
        let domain = UnsafeRawBufferPointer(start: target + separator + 1, count: value.count - separator - 1)
        if high >= 0x80 { return checkInternational(value, domain, into: output) }
        guard let topLevel = asciiDomainTop(domain) else { return .malformedEmail }
        guard topLevelDomains.contains(topLevel) else { return .unknownTopLevelDomain }
        output.advance(value.count)
        return nil
    }

    /// Where the `@` stands if everything before it is a dot-atom of the right length.
    @inline(__always)
    private func localPartEnd(_ value: UnsafeRawBufferPointer) -> Int? {
        var isAfterDot = true
        for index in 0..<min(value.count, Self.mostLocalBytes + 1) {
            let byte = value[index]
            if byte == 0x40 { return isAfterDot ? nil : index }
            if byte == 0x2E {
                if isAfterDot { return nil }
                isAfterDot = true
            } else {
                guard Self.isAtomText(byte) else { return nil }
                isAfterDot = false
            }
        }
        return nil
    }

    /// RFC 5322 `atext`, one bit a character: low holds 00–3F, high 40–7F.
    private static let atomTextLow: UInt64 = bits("!#$%&'*+-/0123456789=?")
    private static let atomTextHigh: UInt64 = bits("ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz{|}~")

    private static func bits(_ characters: String) -> UInt64 { characters.utf8.reduce(0) { $0 | 1 << UInt64($1 & 0x3F) } }

    @inline(__always)
    private static func isAtomText(_ byte: UInt8) -> Bool {
        guard byte < 0x80 else { return false }
        return (byte < 0x40 ? atomTextLow : atomTextHigh) >> UInt64(byte & 0x3F) & 1 == 1
    }

    /// The last label of a well-formed ASCII domain in lower case.
    @inline(__always)
    private func asciiDomainTop(_ domain: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var labelStart = 0
        var labels = 0
        for index in 0...domain.count {
            let byte = index < domain.count ? domain[index] : 0x2E
            if byte == 0x2E {
                guard isLabel(domain, labelStart, index) else { return nil }
                labels += 1
                if index < domain.count { labelStart = index + 1 }
            } else {
                guard byte &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x2D else { return nil }
            }
        }
        return labels >= 2 ? UnsafeRawBufferPointer(rebasing: domain[labelStart...]) : nil
    }

    @inline(__always)
    private func isLabel(_ domain: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Bool {
        (1...63).contains(end - start) && domain[start] != 0x2D && domain[end - 1] != 0x2D
    }

    /// Rare, so through strings.
    private func checkInternational(
        _ value: UnsafeRawBufferPointer, _ domain: UnsafeRawBufferPointer, into output: ByteBuffer
    ) -> RejectReason? {
        let lower = String(decoding: domain, as: UTF8.self).lowercased()
        let labels = lower.split(separator: ".", omittingEmptySubsequences: false)
        let encoded = labels.compactMap { Punycode.aLabel($0) }
        guard labels.count >= 2, encoded.count == labels.count, let top = encoded.last else { return .malformedEmail }
        let local = value.count - domain.count
        guard local + encoded.reduce(encoded.count - 1, { $0 + $1.utf8.count }) <= Self.mostBytes else { return .malformedEmail }
        guard Array(top.utf8).withUnsafeBytes({ topLevelDomains.contains($0) }) else { return .unknownTopLevelDomain }
        output.advance(local)
        Array(lower.utf8).withUnsafeBytes { output.append($0) }
        return nil
    }
}
