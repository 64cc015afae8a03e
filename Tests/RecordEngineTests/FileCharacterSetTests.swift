import ConnectModel
import RecordEngine
import Testing

@Suite struct FileCharacterSetTests {
    private func decoded(_ bytes: [UInt8], _ charset: FileCharacterSet, largestRead: Int, bufferBytes: Int = 4096) throws -> [UInt8] {
        let source = charset.decoded(MemorySource(bytes, largestRead: largestRead))
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: bufferBytes)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
            if count == 0 { return text }
            text += buffer[..<count]
        }
    }

    private func utf16(_ text: String, little: Bool, mark: Bool) -> [UInt8] {
        ((mark ? [0xFEFF] : []) + Array(text.utf16)).flatMap { unit -> [UInt8] in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
            return little ? [low, high] : [high, low]
        }
    }

    private let text = "ä,€😀\r\nplain text that is long enough for words,中文𝄞\n"

    @Test("IMP-3: UTF-8 with and without mark, the mark split between reads", arguments: [1, 2, 3, 4, 1000])
    func utf8(largestRead: Int) throws {
        for bufferBytes in [1, 2, 64] {
            #expect(
                try decoded([0xEF, 0xBB, 0xBF] + Array(text.utf8), .utf8, largestRead: largestRead, bufferBytes: bufferBytes) == Array(text.utf8))
            #expect(try decoded(Array(text.utf8), .utf8, largestRead: largestRead, bufferBytes: bufferBytes) == Array(text.utf8))
        }
        #expect(try decoded([0xEF, 0xBB], .utf8, largestRead: largestRead) == [0xEF, 0xBB])
        #expect(try decoded([], .utf8, largestRead: largestRead).isEmpty)
    }

    @Test("IMP-3: UTF-16 in both orders, surrogates split between reads", arguments: [1, 2, 3, 5, 1000])
    func utf16(largestRead: Int) throws {
        for bufferBytes in [1, 5, 64, 4096] {
            for little in [true, false] {
                let marked = utf16(text, little: little, mark: true)
                #expect(try decoded(marked, .utf16, largestRead: largestRead, bufferBytes: bufferBytes) == Array(text.utf8))
                let named: FileCharacterSet = little ? .utf16LittleEndian : .utf16BigEndian
                #expect(try decoded(marked, named, largestRead: largestRead, bufferBytes: bufferBytes) == Array(text.utf8))
                let plain = utf16(text, little: little, mark: false)
                #expect(try decoded(plain, named, largestRead: largestRead, bufferBytes: bufferBytes) == Array(text.utf8))
            }
        }
        #expect(try decoded(utf16(text, little: false, mark: false), .utf16, largestRead: largestRead) == Array(text.utf8))
    }

    @Test("IMP-15: lone surrogates and half units are undecodable, and nothing else") func brokenUTF16() throws {
        #expect(try decoded([0xD8, 0, 0, 0x61], .utf16BigEndian, largestRead: 1) == [0xFF, 0x61])
        #expect(try decoded([0xDC, 0, 0, 0x61], .utf16BigEndian, largestRead: 3) == [0xFF, 0x61])
        #expect(try decoded([0, 0x61, 0xD8, 0], .utf16BigEndian, largestRead: 1) == [0x61, 0xFF])
        #expect(try decoded([0, 0x61, 0], .utf16BigEndian, largestRead: 1) == [0x61, 0xFF])
        #expect(try decoded([0, 0x61, 0xD8, 0, 1], .utf16BigEndian, largestRead: 2) == [0x61, 0xFF])
    }

    @Test("IMP-3: ISO-8859-1 and windows-1252 differ in 80 to 9F") func singleByte() throws {
        let bytes: [UInt8] = Array("name,".utf8) + [0xE4, 0x80, 0x93, 0xFF] + Array(",and more text".utf8)
        for largestRead in [1, 1000] {
            #expect(try decoded(bytes, .windows1252, largestRead: largestRead) == Array("name,ä€“ÿ,and more text".utf8))
            #expect(try decoded(bytes, .latin1, largestRead: largestRead) == Array("name,ä\u{80}\u{93}ÿ,and more text".utf8))
        }
        #expect(try decoded([0x61, 0x81, 0x62], .windows1252, largestRead: 9) == [0x61, 0xFF, 0x62])
        #expect(try decoded([0x61, 0xE4], .ascii, largestRead: 9) == [0x61, 0xFF])
    }

    @Test("IMP-15: an undecodable character costs its record only") func undecodableRecord() throws {
        let text: [UInt8] = Array("a,b\nc,".utf8) + [0x81] + Array("\nd,".utf8) + [0xE4, 0x0A]
        let items = try readItems(MemorySource(text), charset: .windows1252, DelimitedFormat(hasHeader: false), columns: 2)
        #expect(
            items == [
                .row(line: 1, fields: [[0x61], [0x62]], raw: Array("a,b".utf8)),
                .malformed(MalformedRecord(line: 2, reason: .undecodable, raw: Array("c,".utf8) + [0xFF])),
                .row(line: 3, fields: [[0x64], Array("ä".utf8)], raw: Array("d,ä".utf8)),
            ])
    }

    @Test("IMP-3: names and aliases as IANA writes them, in any case") func names() throws {
        #expect(try FileCharacterSet(name: "utf-8") == .utf8)
        #expect(try FileCharacterSet(name: "Latin1") == .latin1)
        #expect(try FileCharacterSet(name: "CP1252").name == "windows-1252")
        let error = #expect(throws: ConnectError.self) { try FileCharacterSet(name: "EBCDIC") }
        #expect(error?.category == .configuration && error?.description.contains("ISO-8859-1") == true)
    }
}
