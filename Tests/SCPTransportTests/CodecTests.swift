import Foundation
import Testing

@testable import SSHTransportCore

@Suite struct CodecTests {
    /// Feeds all of `bytes` in pieces of `step`; payload is skipped.
    private func receive(_ text: [UInt8], name: String = "f", step: Int = 1000) throws -> [SCPReceiver.Event] {
        var receiver = SCPReceiver(name: Array(name.utf8))
        var events: [SCPReceiver.Event] = []
        var place = 0
        while place < text.count {
            if receiver.payloadRemaining > 0 {
                let count = min(Int(clamping: receiver.payloadRemaining), text.count - place)
                receiver.payloadTaken(count)
                place += count
                continue
            }
            let (taken, event) = try receiver.receive(text[place..<min(place + step, text.count)])
            place += taken
            if let event { events.append(event) }
        }
        return events
    }

    private func receive(_ text: String, step: Int = 1000) throws -> [SCPReceiver.Event] { try receive(Array(text.utf8), step: step) }

    @Test("FS-1: a download of one file, whole and a byte at a time", arguments: [1, 3, 1000])
    func download(step: Int) throws {
        let header = SCPFileHeader(mode: 0o640, size: 5, modified: 1_700_000_000)
        #expect(try receive("T1700000000 0 1700000001 0\nC0640 5 f\nhello\0", step: step) == [.answer, .file(header), .finished])
        #expect(try receive("C0644 0 f\n\0", step: step) == [.file(SCPFileHeader(mode: 0o644, size: 0, modified: nil)), .finished])
        #expect(try receive("\u{1}scp: f: No such file\u{1b}[31m\n", step: step) == [.refused("scp: f: No such file?[31m")])
        #expect(
            try receive("C0644 2 f\nab\u{1}read error\n", step: step) == [
                .file(SCPFileHeader(mode: 0o644, size: 2, modified: nil)), .refused("read error"),
            ])
        let large = try receive("C0644 9223372036854775807 f\n", step: step)
        #expect(large == [.file(SCPFileHeader(mode: 0o644, size: .max, modified: nil))])
    }

    @Test(
        "FS-1: what no honest server sends is refused",
        arguments: [
            "C0644 5 g\n", "C0644 5 ../f\n", "C0644 5 /f\n", "C0644 5 .\n", "C0644 5 ..\n", "C0644 5 \n", "C0644 5\n", "C0644 -5 f\n", "C0644 +5 f\n",
            "C0644 5x f\n", "C0644 9223372036854775808 f\n", "C0644 99999999999999999999999 f\n", "C644 5 f\n", "C00644 5 f\n", "C0948 5 f\n",
            "C 5 f\n",
            "D0755 0 f\n", "E\n", "Tx 0 0 0\n", "T1 0 1\n", "T1 0 1 0\nT1 0 1 0\n", "\0", "welcome\n", "\n", "\u{7}", "C0644 1 f\naC0644 1 f\n",
            "C0644 1 f\na\0C0644 1 f\n", "C0644 5 f\0x\n", "C0644 5 f\r\n", "X0644 5 f\n",
        ])
    func hostile(text: String) {
        for step in [1, 1000] { #expect(throws: SCPViolation.self) { try receive(text, step: step) } }
    }

    @Test("FS-1: a line without an end is given up at its limit")
    func endless() {
        for first in [UInt8(1), 2, UInt8(ascii: "C"), UInt8(ascii: "T")] {
            #expect(throws: SCPViolation.self) { try receive([first] + [UInt8](repeating: 0x41, count: 9000)) }
        }
    }

    @Test("FS-1: any bytes are understood or refused, never more than announced")
    func fuzz() {
        var random = SystemRandomNumberGenerator()
        let seeds = ["T1 0 1 0\nC0644 3 f\nabc\0", "\u{1}no\n", "C0777 20 f\n01234567890123456789\0"].map { Array($0.utf8) }
        for _ in 0..<20_000 {
            var bytes = seeds[Int.random(in: 0..<seeds.count, using: &random)]
            for _ in 0..<Int.random(in: 0...3, using: &random) { bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255) }
            if Bool.random() { bytes.shuffle() }
            guard let events = try? receive(bytes, step: Int.random(in: 1...20)) else { continue }
            #expect(events.count { if case .file = $0 { true } else { false } } <= 1)
            for case .refused(let text) in events { #expect(!text.unicodeScalars.contains { $0.value < 0x20 }) }
        }
    }

    private func expect<Value: Equatable>(_ value: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(value == expected, sourceLocation: sourceLocation)
    }

    @Test("FS-1: an upload sends its lines only once they are asked for")
    func upload() throws {
        var sender = try #require(SCPSender(name: Array("f".utf8), mode: 0o644, size: 3, modified: 7))
        func take() -> String {
            defer { sender.sent(sender.outgoing.count) }
            return String(decoding: sender.outgoing, as: UTF8.self)
        }
        expect(take(), "")
        try expect(sender.receive([0]).event, nil)
        expect(take(), "T7 0 7 0\n")
        try expect(sender.receive([0]).event, nil)
        expect(take(), "C0644 3 f\n")
        try expect(sender.receive([0]).event, .ready)
        sender.payloadSent(2)
        expect(sender.finish(), false)
        sender.payloadSent(1)
        expect(sender.finish(), true)
        expect(take(), "\0")
        try expect(sender.receive([0]).event, .finished)
        #expect(throws: SCPViolation.self) { try sender.receive([0]) }
    }

    @Test("FS-1: a server that refuses an upload is heard at each stage; one that answers unasked is refused")
    func uploadRefused() throws {
        for answers in 0..<3 {
            var sender = try #require(SCPSender(name: Array("f".utf8), mode: 0o644, size: 3, modified: 7))
            for _ in 0..<answers { _ = try sender.receive([0]) }
            try expect(sender.receive(Array("\u{2}disk\u{7} full\n".utf8)).event, .refused("disk? full"))
        }
        var sender = try #require(SCPSender(name: Array("f".utf8), mode: 0o644, size: 3, modified: nil))
        for _ in 0..<2 { _ = try sender.receive([0]) }
        #expect(throws: SCPViolation.self) { try sender.receive([0]) }
        for name in ["", ".", "..", "a/b", "a\nb", "a\0b"] { #expect(SCPSender(name: Array(name.utf8), mode: 0, size: 0, modified: nil) == nil) }
        #expect(SCPSender(name: Array("f".utf8), mode: 0, size: -1, modified: nil) == nil)
    }

    @Test("FS-1: times are told to touch in the calendar of every server")
    func touchTimes() {
        #expect(TouchTime.text(0) == "197001010000.00")
        #expect(TouchTime.text(951_782_399) == "200002282359.59")
        #expect(TouchTime.text(951_782_400) == "200002290000.00")
        #expect(TouchTime.text(1_709_251_199) == "202402292359.59")
        #expect(TouchTime.text(4_107_542_400) == "210003010000.00")
        #expect(TouchTime.text(-5) == "197001010000.00")
    }

    @Test("FS-1: what a shell says of files is understood whichever program said it")
    func shellEntries() throws {
        let name = Array(" a b\n".utf8)
        let expected = SFTPAttributes(size: 12, permissions: 0o100644, modified: 1_700_000_000)
        #expect(ShellEntry(Array("x 81a4 12 1700000000 ".utf8) + name)?.attributes == expected)
        #expect(ShellEntry(Array("o 100644 12 1700000000 ".utf8) + name)?.attributes == expected)
        let found = try #require(ShellEntry(Array("l -rw-r--r-- 12 1700000000.1234567890 ".utf8) + name))
        #expect(found.attributes == expected && found.name == name)
        #expect(ShellEntry(Array("l drwxrwxrwt+ 12 - d".utf8))?.attributes.fileType == .directory)
        #expect(ShellEntry(Array("l drwsrwSrwT 12 - d".utf8))?.attributes.permissions == UInt32(0o040766))
        #expect(ShellEntry(Array("l lrwxrwxrwx 12 - d".utf8))?.attributes.fileType == .link)
        for record in ["", "x", "x 1 2 3", "z 1 2 3 n", "x zz 2 3 n", "l short 2 3 n"] { #expect(ShellEntry(Array(record.utf8)) == nil) }
    }

    @Test("FS-1: the answers of a shell end only with the token, and are bounded")
    func shellReplies() throws {
        for step in [1, 1000] {
            var reader = ShellReplyReader(token: "=t=")
            var records: [String] = []
            var outcome: ShellReplyReader.Outcome?
            let bytes = Array("a\0=x= 0 \0\0b\n\0=t=1 rm: no\u{1b}\nway\0rest\0".utf8)
            for start in stride(from: 0, to: bytes.count, by: step) where outcome == nil {
                outcome = try reader.receive(bytes[start..<min(start + step, bytes.count)]) { records.append(String(decoding: $0, as: UTF8.self)) }
            }
            #expect(outcome == .init(status: 1, message: "rm: no??way"))
            #expect(records == ["a", "=x= 0 ", "", "b\n"])
        }
        var reader = ShellReplyReader(token: "=t=")
        #expect(throws: ShellNonsense.self) { try reader.receive([UInt8](repeating: 1, count: 70_000)) { _ in } }
        var second = ShellReplyReader(token: "=t=")
        #expect(throws: ShellNonsense.self) { try second.receive(Array("=t=x\0".utf8)) { _ in } }
    }
}
