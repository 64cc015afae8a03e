import ConnectTesting
import Foundation
import Testing

/// The way of a stranger who writes a connector: every project works before its author has written a line (CON-8).
@Suite(.waits) struct AuthoredConnectorTests {
    private static let kinds = ["transport", "source", "job"]
    /// Whether this program has the conformance suite.
    private static let hasSuite = (try? ChildRun(Installation.program, ["connectors", "test", "--help"]).wait())?.output.contains("--config") == true

    private func expectGoodConnector(_ kind: String, _ language: String) throws {
        let place = try TemporaryDirectory()
        let project = try AuthoredConnector("my-first", kind: kind, language: language, in: place)
        let built = try project.inside("make")
        #expect(!built.contains("warning"), "\(built)")
        let checked = try project.inside("make check")
        #expect(checked.contains("com.example.my-first") && checked.contains(kind), "\(checked)")
        let exported = try project.inside("nm --dynamic --defined-only --extern-only my-first.so").split(separator: "\n")
        #expect(exported.count == 1 && exported.first?.hasSuffix(" connecthost_library_v1") == true, "\(exported)")
        if Self.hasSuite { try project.inside("make test") }
    }

    @Test("CON-8: a new project in C builds without a warning, exports its entry alone, and is a good connector", arguments: kinds)
    func goodInC(kind: String) throws { try expectGoodConnector(kind, "c") }

    @Test("CON-8: so does one in Rust, with rustc alone", .enabled(if: Toolchain.hasRust, "there is no rustc"), arguments: kinds)
    func goodInRust(kind: String) throws { try expectGoodConnector(kind, "rust") }

    @Test("CON-8: so does one in Swift, with ConnectorKit and no network", arguments: kinds)
    func goodInSwift(kind: String) throws { try expectGoodConnector(kind, "swift") }

    private func expectReadMeWorks(_ language: String) throws {
        let place = try TemporaryDirectory()
        let project = try AuthoredConnector("acme-files", kind: "transport", language: language, in: place)
        let printed = try project.inside(project.readMeCommands())
        #expect(printed.contains("bob@example.com"), "\(printed)")
        #expect(place.names(in: "acme-files/files") == ["archive"], "the job took the file and archived it")
    }

    @Test("CON-8: every command of a new transport's README works as it stands")
    func readMeInC() throws { try expectReadMeWorks("c") }

    @Test("CON-8: also in Rust", .enabled(if: Toolchain.hasRust, "there is no rustc"))
    func readMeInRust() throws { try expectReadMeWorks("rust") }

    @Test("CON-8: also in Swift")
    func readMeInSwift() throws { try expectReadMeWorks("swift") }

    @Test("CON-8, CON-9: so does that of a new source: its rows are in a table in the end")
    func readMeOfSource() throws {
        let place = try TemporaryDirectory()
        let project = try AuthoredConnector("acme-rows", kind: "source", language: "c", in: place)
        let printed = try project.inside(project.readMeCommands())
        #expect(printed.contains("inserted  1,000") && printed.contains("rows of numbers from \"acme-rows\""), "\(printed)")
    }

    @Test("CON-4, CON-8: from an empty directory to a job that imports through one's own transport, nothing restarted")
    func strangersPath() throws {
        let installation = try Installation()
        let place = try TemporaryDirectory()
        #expect(place.names(in: "") == [])
        let project = try AuthoredConnector("acme-files", kind: "transport", language: "c", in: place, home: installation.home)
        try project.build()
        #expect(try !installation.expectSuccess("connectors", "list").contains("acme-files"))
        try project.inside("make install")
        #expect(try installation.expectSuccess("connectors", "list").contains("com.example.acme-files"))

        try installation.expectSuccess("servers", "add", "acme", "acme-files", "--set", "directory=\(project.directory)/files")
        #expect(try installation.expectSuccess("servers", "test", "acme").contains("works"))
        try installation.apply(
            """
            lists:
              - name: CONTACTS
                fields: { NAME: STR100 }
            jobs:
              - name: contacts
                kind: import-list
                file: { server: acme, name: contacts.csv }
                target: { list: CONTACTS }
                mapping: { fields: { mail: EMAIL_ADDRESS_ } }
            """)
        let run = try installation.json("jobs", "run", "contacts")
        #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
        #expect(try installation.rows("CONTACTS", "NAME") == [#"{"NAME":"Ann"}"#, #"{"NAME":"Bob"}"#])

        // The author changes it, builds and installs again: the next command has the new one.
        try project.inside(#"sed -i 's/"0.1.0"/"0.2.0"/' acme_files.c && make && make install"#)
        #expect(try installation.expectSuccess("connectors", "list").contains("0.2.0"))
    }

    @Test(
        "CON-8: a name, id or directory that cannot be is refused with what to do, and nothing is written",
        arguments: [
            (["Acme"], "project.name"), (["-x-"], nil), (["acme--files"], "project.name"), (["acme", "--id", "acme"], "project.id"),
            (["acme", "--directory", "full"], "project.exists"), (["acme", "--directory", "file"], "project.exists"),
            (["acme", "--directory", "it's"], "project.path"), (["acme", "--directory", "file/below"], "project.write"),
        ] as [([String], String?)])
    func refusals(arguments: [String], code: String?) throws {
        let place = try TemporaryDirectory()
        try place.write("full/mine", "")
        try place.write("file", "")
        let placed = arguments.map { ["full", "file", "it's", "file/below"].contains($0) ? "\(place.path)/\($0)" : $0 }
        let directory = arguments.contains("--directory") ? [] : ["--directory", place.path + "/new"]
        let result = try ChildRun(
            Installation.program, ["connectors", "new"] + placed + directory + ["--kind", "source", "--language", "c", "--json"]
        ).wait()
        #expect(result.status == (code == nil ? 2 : 3), "\(result.output)\(result.errors)")
        if let code {
            let error = JSONObject(try JSONSerialization.jsonObject(with: Data(result.output.utf8)))["error"]
            #expect(error["code"].string == code)
            #expect(error["remedy"].string?.isEmpty == false)
        }
        #expect(place.names(in: "") == ["file", "full"])
        #expect(place.names(in: "full") == ["mine"])
    }

    @Test("CON-8: what was made is told as JSON, and --id and --directory are followed")
    func json() throws {
        let place = try TemporaryDirectory()
        let directory = place.path + "/deep/er"
        let result = try ChildRun(
            Installation.program,
            ["connectors", "new", "acme", "--kind", "job", "--language", "c", "--id", "com.acme.count", "--directory", directory, "--json"]
        ).wait()
        let object = JSONObject(try JSONSerialization.jsonObject(with: Data(result.output.utf8)))
        #expect(object["id"].string == "com.acme.count" && object["directory"].string == directory && object["kind"].string == "job")
        #expect(object["files"].value as? [String] == place.allFiles(in: "deep/er"))
        #expect(try String(contentsOfFile: directory + "/acme.c", encoding: .utf8).contains("\"com.acme.count\""))
        let rights = try FileManager.default.attributesOfItem(atPath: directory + "/config.json")[.posixPermissions] as? Int
        #expect(rights == 0o600, "settings may come to hold secrets")
    }
}

extension TemporaryDirectory {
    fileprivate func allFiles(in directory: String) -> [String] {
        let root = path + "/" + directory
        let paths = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return paths.filter { name in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: root + "/" + name, isDirectory: &isDirectory) && !isDirectory.boolValue
        }.sorted()
    }
}
