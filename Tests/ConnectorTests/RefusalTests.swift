import ConnectHost
import ConnectModel
import ConnectTesting
import Foundation
import Testing

/// Files that are no good, each beside a good one: each has its own reason in words, and the good one loads.
@Suite struct RefusalTests {
    private func expectRefusal(of name: String, saying words: [String], limitMilliseconds: Int = 5000, _ prepare: (Catalog) throws -> Void) throws {
        let catalog = try Catalog()
        try catalog.minimal("good.so")
        try prepare(catalog)
        let files = catalog.scan(limitMilliseconds: limitMilliseconds)
        let reason = files[name]?.refused ?? ""
        for word in words { #expect(reason.contains(word), "\(name): \(reason)") }
        #expect(files[name]?.connectors.isEmpty == true)
        #expect(files["good.so"]?.refused == nil)
        #expect(files["good.so"]?.connectors.map(\.id) == ["com.example.minimal"])
    }

    @Test(
        "CON-2: a file that traps in its entry function is refused with the signal",
        arguments: [("abort()", "SIGABRT"), ("__builtin_trap()", "SIGILL"), ("raise(SIGSEGV)", "SIGSEGV")])
    func traps(call: String, signal: String) throws {
        let number = ["SIGABRT": 6, "SIGILL": 4, "SIGSEGV": 11][signal] ?? 0
        try expectRefusal(of: "bad.so", saying: ["crashed while it was loaded", "signal \(number)"]) {
            try $0.minimal("bad.so", "-DIN_ENTRY=\(call)")
        }
    }

    @Test("CON-2: a file that hangs is refused once its time is over")
    func hangs() throws {
        try expectRefusal(of: "bad.so", saying: ["did not answer within 1.0 s", "hangs"], limitMilliseconds: 1000) {
            try $0.minimal("bad.so", "-DIN_ENTRY=for(;;)pause()")
        }
    }

    @Test("CON-2: a file whose children hold the output open does not hold up the scan")
    func forks() throws {
        try expectRefusal(of: "bad.so", saying: ["did not answer within 1.0 s"], limitMilliseconds: 1000) {
            try $0.minimal("bad.so", "-DIN_ENTRY=if(fork()==0)for(;;)pause()")
        }
    }

    @Test("CON-2: a file that ends the process is refused with its exit code", arguments: [("exit(7)", 7), ("_exit(0)", 0)])
    func exits(call: String, code: Int) throws {
        try expectRefusal(of: "bad.so", saying: ["exit code \(code)", "never do"]) { try $0.minimal("bad.so", "-DIN_ENTRY=\(call)") }
    }

    @Test("CON-2: a file of another major is refused with both versions and what to do")
    func otherMajor() throws {
        try expectRefusal(of: "bad.so", saying: ["built for ABI 2.0", "takes 1.x", "newer ConnectHost"]) {
            try $0.fixture("second_major.c", "bad.so")
        }
        try expectRefusal(of: "bad.so", saying: ["built for ABI 3.1", "takes 1.x"]) { try $0.minimal("bad.so", "-DABI=((3u<<16)|1u)") }
    }

    @Test("CON-2: a text file called .so, and a program, are told as what they are")
    func noLibrary() throws {
        try expectRefusal(of: "bad.so", saying: ["is not a shared library"]) { catalog in
            try "this is no library, only long enough to look like one\n".write(
                toFile: catalog.directory + "/bad.so", atomically: false, encoding: .utf8)
            try catalog.setMode(0o644, catalog.directory + "/bad.so")
        }
        try expectRefusal(of: "bad.so", saying: ["is not a shared library"]) { catalog in
            try Data().write(to: URL(fileURLWithPath: catalog.directory + "/bad.so"))
            try catalog.setMode(0o644, catalog.directory + "/bad.so")
        }
    }

    @Test("CON-2: a library without the entry symbol is told so")
    func noSymbol() throws {
        try expectRefusal(of: "bad.so", saying: ["no symbol connecthost_library_v1"]) { try $0.fixture("no_entry.c", "bad.so") }
    }

    @Test("CON-2: an entry symbol that belongs to a library it is linked with does not count")
    func symbolOfDependency() throws {
        try expectRefusal(of: "bad.so", saying: ["has no connecthost_library_v1 of its own", "good.so"]) { catalog in
            try catalog.fixture("no_entry.c", "bad.so", "-Wl,--no-as-needed", catalog.directory + "/good.so")
        }
    }

    @Test("CON-2: a library that another one is missing for is refused with the missing one's name")
    func missingDependency() throws {
        try expectRefusal(of: "bad.so", saying: ["cannot be loaded", "libgone.so", "ldd"]) { catalog in
            let gone = catalog.temporary.path + "/libgone.so"
            try CompiledConnector.build("Tests/ConnectorTests/Fixtures/no_entry.c", into: gone)
            try catalog.minimal("bad.so", "-Wl,--no-as-needed", gone)
            try FileManager.default.removeItem(atPath: gone)
        }
    }

    @Test("CON-7: a file or a directory that others could change is refused, with the command that mends it")
    func writableByOthers() throws {
        try expectRefusal(of: "bad.so", saying: ["writable by group", "chmod g-w"]) { try $0.setMode(0o664, $0.minimal("bad.so")) }
        try expectRefusal(of: "bad.so", saying: ["writable by group and others", "chmod g-w,o-w"]) { try $0.setMode(0o666, $0.minimal("bad.so")) }
        let catalog = try Catalog()
        try catalog.minimal("good.so")
        #expect(catalog.scan()["good.so"]?.refused == nil)
        try catalog.setMode(0o757, catalog.directory)
        let reason = catalog.scan()["good.so"]?.refused ?? ""
        #expect(reason.contains("lies in \(catalog.directory)") && reason.contains("writable by others") && reason.contains("chmod o-w"), "\(reason)")
    }

    @Test("CON-7: a directory higher up that others could change is refused as well")
    func writableAbove() throws {
        let catalog = try Catalog()
        try catalog.minimal("good.so")
        try catalog.setMode(0o770, catalog.temporary.path)
        let reason = catalog.scan()["good.so"]?.refused ?? ""
        #expect(reason.contains("lies in \(catalog.temporary.path), which is writable by group"), "\(reason)")
    }

    @Test("CON-7: a file of another user is refused", .enabled(if: geteuid() == 0))
    func otherOwner() throws {
        try expectRefusal(of: "bad.so", saying: ["belongs to another user (65534)", "chown"]) { catalog in
            let file = try catalog.minimal("bad.so")
            #expect(chown(file, 65534, 65534) == 0)
        }
    }

    @Test("CON-2: a descriptor without an id, or with one that no id may be, is refused", arguments: ["NULL", "\"\"", "\"Com Example\""])
    func badID(id: String) throws {
        try expectRefusal(of: "bad.so", saying: ["id is missing or"]) { try $0.minimal("bad.so", "-DID=\(id)") }
    }

    @Test("CON-5: a settings schema that is not JSON is refused")
    func badSchema() throws {
        try expectRefusal(of: "bad.so", saying: ["com.example.wrong", "settings schema is not JSON"]) {
            try $0.minimal("bad.so", #"-DID="com.example.wrong""#, #"-DSCHEMA="{type: object""#)
        }
    }

    @Test("CON-2: a kind that this host does not know is refused")
    func badKind() throws {
        try expectRefusal(of: "bad.so", saying: ["of a kind this host does not know"]) { try $0.minimal("bad.so", "-DKIND=9") }
    }

    @Test("CON-2: tables shorter than those of 1.0 are refused and not read past their end")
    func shortTables() throws {
        try expectRefusal(of: "bad.so", saying: ["shorter than those of ABI 1.0"]) { try $0.minimal("bad.so", "-DDESCRIPTOR_SIZE=40") }
    }

    @Test("CON-2: a transport that lacks functions is refused with their names")
    func incomplete() throws {
        try expectRefusal(of: "bad.so", saying: ["com.example.incomplete", "lacks write, commit"]) {
            try $0.fixture("incomplete_transport.c", "bad.so")
        }
    }

    @Test("CON-2: a library for another processor is told by the processor's name")
    func otherMachine() throws {
        try expectRefusal(of: "bad.so", saying: ["was built for riscv", "this host runs on"]) { catalog in
            let file = URL(fileURLWithPath: try catalog.minimal("bad.so"))
            var bytes = try Data(contentsOf: file)
            bytes[18] = 243
            bytes[19] = 0
            try bytes.write(to: file)
            try catalog.setMode(0o644, file.path)
        }
    }

    @Test("CON-2: of two files with one id the first is taken and the second names it")
    func twice() throws {
        try expectRefusal(of: "second.so", saying: ["com.example.minimal", "good.so", "comes first"]) { try $0.minimal("second.so") }
    }
}
