import Testing

@testable import ConnectHost

@Suite struct StartUpPagesTests {
    @Test("OPS-1: only the code of the program and its libraries is given back, where its pages are all as in the file")
    func chooses() {
        func mapping(_ begin: Int, _ rights: String, _ path: String, anonymous: Int) -> String {
            "\(String(begin, radix: 16))-\(String(begin + 4096, radix: 16)) \(rights) 00000000 fe:00 123                        \(path)\nSize:                  4 kB\nAnonymous:             \(anonymous) kB\nVmFlags: rd ex mr mw me\n"
        }
        let smaps =
            mapping(0x1000, "r-xp", "/usr/bin/program", anonymous: 0) + mapping(0x3000, "r-xp", "/usr/bin/program", anonymous: 4)
            + mapping(0x2000, "r--p", "/usr/bin/program", anonymous: 0)
            + mapping(0x5000, "rw-p", "/usr/bin/program", anonymous: 0) + mapping(0x7000, "r-xp", "/usr/lib/libc.so.6", anonymous: 0)
            + mapping(0x9000, "rw-p", "[heap]", anonymous: 0) + mapping(0xB000, "r-xp", "[vdso]", anonymous: 0)
            + mapping(0xD000, "r--p", "", anonymous: 0)
        #expect(StartUpPages.unchangedRanges(smaps) == [0x1000..<0x2000, 0x7000..<0x8000])
    }

    @Test("OPS-1: a process goes on as before when its pages were given back")
    func goesOn() {
        let before = (0..<1000).map { "text \($0)" }
        // The program, and more than a page of the kernel's list holds.
        #expect(StartUpPages.release() > 20)
        #expect(before == (0..<1000).map { "text \($0)" })
    }
}
