import ConnectModel
import Foundation
import RecordEngine
import Testing

@Suite struct FileCharacterSetTests {
    private func decoded(_ bytes: [UInt8], _ charset: FileCharacterSet, largestRead: Int, bufferBytes: Int = 4096) throws -> [UInt8] {
        let source = try charset.decoded(MemorySource(bytes, largestRead: largestRead))
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

    /// What Python's codecs make of a text: tables that nobody here wrote.
    private func encoded(_ text: String, _ codec: String) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", "import sys; sys.stdout.buffer.write(sys.argv[1].encode(sys.argv[2]))", text, codec]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return [UInt8](bytes)
    }

    private static let foreign: [(name: String, codec: String, text: String)] = [
        ("ISO-8859-2", "iso8859_2", "Łódź,Dvořák,žluťoučký"), ("ISO-8859-5", "iso8859_5", "Москва,Київ"), ("ISO-8859-7", "iso8859_7", "Αθήνα"),
        ("ISO-8859-8", "iso8859_8", "שלום"), ("ISO-8859-9", "iso8859_9", "İstanbul,ığşç"), ("ISO-8859-15", "iso8859_15", "€,Œuvre"),
        ("windows-1250", "cp1250", "Příliš,„žluť“"), ("windows-1251", "cp1251", "Привет,№"), ("windows-1253", "cp1253", "Ελλάδα"),
        ("windows-1254", "cp1254", "Şişli"), ("windows-1255", "cp1255", "ירושלים"), ("windows-1256", "cp1256", "القاهرة"),
        ("windows-1257", "cp1257", "Rīga"), ("windows-1258", "cp1258", "Đà"), ("KOI8-R", "koi8_r", "Привет"), ("IBM850", "cp850", "Müller,ñ"),
        ("Shift_JIS", "shift_jis", "東京都,カタカナ,表示"), ("Windows-31J", "cp932", "①,髙橋"), ("EUC-JP", "euc_jp", "大阪府"),
        ("ISO-2022-JP", "iso2022_jp", "日本語,abc"), ("GB18030", "gb18030", "北京,😀,𠮷"), ("GBK", "gbk", "上海市"), ("GB2312", "gb2312", "广州"),
        ("Big5", "big5", "臺北市,功蓋"), ("Big5-HKSCS", "big5hkscs", "香港"), ("EUC-KR", "euc_kr", "서울"), ("UTF-32", "utf_32", "a,😀"),
        ("UTF-32BE", "utf_32_be", "a,ß"),
    ]

    @Test("IMP-3: every character set of the C library, characters split between reads", arguments: foreign)
    func iconv(name: String, codec: String, text: String) throws {
        let text = text + "\nplain text, long enough for words\n"
        // Python writes the Vietnamese letters of windows-1258 composed where it has them.
        let bytes = try encoded(text.precomposedStringWithCanonicalMapping, codec)
        for largestRead in [1, 2, 3, 7, 1000] {
            for bufferBytes in [1, 17, 4096] {
                let read = try decoded(bytes, FileCharacterSet(name: name), largestRead: largestRead, bufferBytes: bufferBytes)
                #expect(String(decoding: read, as: UTF8.self).precomposedStringWithCanonicalMapping == text)
            }
        }
    }

    @Test("IMP-3: this machine's C library reads every character set that is offered", arguments: FileCharacterSet.all)
    func available(charset: FileCharacterSet) throws {
        _ = try charset.decoded(MemorySource([]))
        for alias in [charset.name] + charset.aliases { #expect(try FileCharacterSet(name: alias) == charset) }
    }

    @Test("IMP-15: a stray lead byte, a byte that is no character and a cut-off end cost their record only") func brokenMultibyte() throws {
        let shiftJIS = try FileCharacterSet(name: "Shift_JIS")
        for largestRead in [1, 1000] {
            #expect(try decoded([0x61, 0x88, 0x0A, 0x62], shiftJIS, largestRead: largestRead) == [0x61, 0xFF, 0x0A, 0x62])
            #expect(try decoded([0x61, 0xFF, 0x62], shiftJIS, largestRead: largestRead) == [0x61, 0xFF, 0x62])
            #expect(try decoded([0x61, 0x93], shiftJIS, largestRead: largestRead) == [0x61, 0xFF])
            #expect(try decoded([0xDB, 0x61], FileCharacterSet(name: "windows-1255"), largestRead: largestRead) == [0xFF, 0x61])
            #expect(try decoded([0xD2, 0x61], FileCharacterSet(name: "ISO-8859-7"), largestRead: largestRead) == [0xFF, 0x61])
        }
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
