import Foundation
import Testing

@testable import FTPTransport

@Suite struct ParsingTests {
    /// 2026-03-01 00:00:00 UTC.
    private let now: Int64 = 1_772_323_200

    @Test("FS-9: lines of MLSD")
    func machine() throws {
        let file = try #require(MachineListing.parse(Array("Type=file;Size=12;Modify=20260102030405.5;UNIX.mode=0644; a b; c\r\n".utf8)))
        #expect(file == ListedFile(name: Array("a b; c".utf8), kind: .file, size: 12, modified: 1_767_323_045_500_000_000, unixMode: 0o644))
        #expect(MachineListing.parse(Array("type=dir;sizd=4096; d".utf8))?.size == nil)
        #expect(MachineListing.parse(Array("type=cdir; /home/x".utf8))?.name == [0x2E])
        #expect(MachineListing.parse(Array("type=pdir; ..".utf8))?.name == [0x2E, 0x2E])
        #expect(MachineListing.parse(Array("type=OS.unix=slink:/etc; l".utf8))?.kind == .link)
        #expect(MachineListing.parse(Array("type=file;size=-5; f".utf8))?.size == nil)
        #expect(MachineListing.parse(Array("type=file;size=99999999999999999999; f".utf8))?.size == nil)
        #expect(MachineListing.parse(Array("  leading".utf8))?.name == Array(" leading".utf8))
        for line in ["", "x", "type=file;", "type=file; ", "nonsense; f"] { #expect(MachineListing.parse(Array(line.utf8)) == nil, "\(line)") }
    }

    @Test("FS-9: lines of LIST as Unix writes them")
    func unix() throws {
        func parse(_ line: String) -> ListedFile? { DirectoryListing.parse(Array(line.utf8), now: now) }
        let file = try #require(parse("-rw-r--r--   1 owner    group        1234 Jan 31 12:34  two blanks\r"))
        #expect(file == ListedFile(name: Array(" two blanks".utf8), kind: .file, size: 1234, modified: 1_769_862_840_000_000_000, unixMode: 0o644))
        // Later in the year than now is last year.
        #expect(parse("-rw-r--r-- 1 o g 1 Dec 24 00:00 f")?.modified == 1_766_534_400_000_000_000)
        #expect(parse("drwxr-xr-x 2 o g 4096 Feb 29  2024 d")?.kind == .directory)
        let link = try #require(parse("lrwxrwxrwx 1 o g 4 Jan  1 00:00 name -> /etc/passwd"))
        #expect(link.name == Array("name".utf8) && link.kind == .link)
        #expect(parse("-rw-r--r-- 1 owner 77 Jan  1 00:00 no group")?.size == 77)
        for line in [
            "total 12", "-rw-r--r--", "-rw-r--r-- 1 o g x Jan 1 00:00 f", "-rw-r--r-- 1 o g 5 Jan 1 00:00", "-rw-r--r-- 1 o g 5 Jan 99 00:00 f",
        ] {
            #expect(parse(line) == nil, "\(line)")
        }
    }

    @Test("FS-9: lines of LIST as Windows writes them")
    func windows() throws {
        func parse(_ line: String) -> ListedFile? { DirectoryListing.parse(Array(line.utf8), now: now) }
        #expect(
            parse("01-31-26  12:34PM                 1234 a b.txt")
                == ListedFile(name: Array("a b.txt".utf8), kind: .file, size: 1234, modified: 1_769_862_840_000_000_000))
        #expect(parse("01-31-2026  12:00AM       <DIR>          dir")?.kind == .directory)
        #expect(parse("01-31-2026  12:00AM       <DIR>          dir")?.name == Array("dir".utf8))
        #expect(parse("2026-01-31  12:34  5 iso")?.modified == 1_769_862_840_000_000_000)
        for line in ["13-31-26 12:34PM 1 f", "01-31-26 25:00 1 f", "01-31-26 12:34PM -1 f", "01-31-26 12:34PM 1", "01-31-26"] {
            #expect(parse(line) == nil, "\(line)")
        }
    }

    @Test("FS-9: names that are more than a name are refused")
    func names() {
        for name in ["a/b", "a\r\nDELE b", "a\nb", "a\0b", "", "a\u{7F}"] {
            guard case .unusable = RemoteName.check(Array(name.utf8)) else {
                Issue.record("\(name.debugDescription) was taken")
                continue
            }
        }
        #expect(RemoteName.check([0x2E, 0x2E]) == .dots)
        #expect(RemoteName.check([0x61, 0xFF]) == .unusable("it is not UTF-8"))
        #expect(RemoteName.check(Array("ä b".utf8)) == .usable("ä b"))
    }

    @Test("FS-7: a pin is read as it is written; anything else is not one")
    func pins() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            #expect(Base64.encode(bytes) == Data(bytes).base64EncodedString())
            #expect(Base64.decode(Base64.encode(bytes)[...]) == bytes)
        }
        for text in ["", "sha256//", "sha256//AAAA", "SHA256:abc", "sha256//" + String(repeating: "=", count: 44)] {
            #expect(CertificateKey(pin: text) == nil, "\(text)")
        }
    }

    @Test("FS-9: no bytes from a server break a parser")
    func fuzz() {
        let seeds = [
            "type=file;size=12;modify=20260102030405; name", "-rw-r--r-- 1 o g 1234 Jan 31 12:34 name -> x", "01-31-26  12:34PM  <DIR>  name",
            "250-Listing", "drwxr-xr-x 2 o g 4096 Feb 29  2024 d",
        ].map { Array($0.utf8) }
        var random = SystemRandomNumberGenerator()
        let cases = ProcessInfo.processInfo.environment["FTP_FUZZ_CASES"].flatMap(Int.init) ?? 20_000
        for index in 0..<cases {
            var line = seeds[index % seeds.count]
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0...line.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: line.insert(UInt8.random(in: 0...255, using: &random), at: place)
                case 1 where place < line.count: line.remove(at: place)
                case 2 where place < line.count: line[place] = UInt8.random(in: 0...255, using: &random)
                default: line.removeSubrange(place...)
                }
            }
            for file in [MachineListing.parse(line), DirectoryListing.parse(line, now: now)] {
                if let file { #expect((file.size ?? 0) >= 0 && file.name.count <= line.count + 2, "\(line)") }
            }
            _ = FTPReply(line)
            _ = CertificateKey.publicKey(line)
            _ = CertificateKey(pem: String(decoding: line, as: UTF8.self))
        }
    }
}
