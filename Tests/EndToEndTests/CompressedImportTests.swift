import ConnectTesting
import Foundation
import Testing

/// Imports of compressed files, through the program as its users have it.
@Suite(.waits) struct CompressedImportTests {
    private func installation(_ name: String, _ more: String = "") throws -> Installation {
        let installation = try Installation()
        try installation.apply(
            """
            lists:
              - name: CONTACTS
                fields: { NAME: STR100 }
            jobs:
              - name: contacts
                kind: import-list
                file: { name: "\(name)"\(more) }
                target: { list: CONTACTS }
                mapping: { fields: { mail: EMAIL_ADDRESS_ } }
            """)
        return installation
    }

    private func pack(_ installation: Installation, _ command: String, records: Int = 3000) throws {
        let text = "mail,NAME\n" + (0..<records).map { "p\($0)@example.com,Name number \($0)\n" }.joined()
        try installation.directory.write("work/contacts.csv", text)
        let shell = try ChildRun("/bin/sh", ["-c", "cd '\(installation.directory.path)/work' && \(command)"]).wait()
        guard shell.status == 0 else { throw TestFailure(shell.errors) }
    }

    @Test(
        "IMP-2, IMP-7: a gzip or zip file is decoded on its way, and archived as it came",
        arguments: [
            ("contacts.csv.gz", "gzip -k contacts.csv && mv contacts.csv.gz ../home/files/upload/"),
            ("contacts.zip", "python3 -m zipfile -c ../home/files/upload/contacts.zip contacts.csv"),
        ])
    func imports(name: String, command: String) throws {
        let installation = try installation(name)
        try pack(installation, command)
        let size = try FileManager.default.attributesOfItem(atPath: installation.upload + "/" + name)[.size] as? NSNumber
        let preview = try installation.json("jobs", "preview", "contacts")
        #expect(preview["error"].isMissing, "\(preview["error"]["message"].string ?? "")")
        let run = try installation.json("jobs", "run", "contacts")
        #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
        #expect(run["records"]["inserted"].int == 3000)
        #expect(run["bytes"].int == size?.intValue)
        #expect(installation.directory.names(in: "home/files/archive") == ["\(name).1.1"])
    }

    @Test("T26: a compressed file that is cut off loads nothing, and goes to the archive like every file with format faults")
    func cutOff() throws {
        let installation = try installation("contacts.csv.gz")
        try pack(installation, "gzip -c contacts.csv | head -c 9000 > ../home/files/upload/contacts.csv.gz")
        let run = try installation.json("jobs", "run", "contacts")
        #expect(run["error"]["code"].string == "file.truncated")
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0)
        #expect(installation.directory.names(in: "home/files/archive") == ["contacts.csv.gz.1.1"])
    }

    @Test("T26: an archive within an archive is not opened, and loads nothing")
    func nested() throws {
        let installation = try installation("contacts.zip")
        try pack(installation, "python3 -m zipfile -c inner.zip contacts.csv && python3 -m zipfile -c ../home/files/upload/contacts.zip inner.zip")
        let run = try installation.json("jobs", "run", "contacts")
        #expect(run["error"]["code"].string == "file.binary" && run["error"]["message"].string?.contains("a zip") == true)
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0)
    }

    @Test("T26: a file that grows beyond the job's limit loads nothing")
    func bomb() throws {
        let installation = try installation("contacts.csv.gz", ", max_decoded_bytes: 50000")
        try pack(installation, "gzip -c contacts.csv > ../home/files/upload/contacts.csv.gz")
        let run = try installation.json("jobs", "run", "contacts")
        #expect(run["error"]["code"].string == "file.bomb")
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0)
    }

    @Test("IMP-2: a zip with several files asks for the one to load, loads nothing and stays; named, it is loaded")
    func several() throws {
        let installation = try installation("contacts.zip")
        try pack(installation, "echo x > readme.txt && python3 -m zipfile -c ../home/files/upload/contacts.zip contacts.csv readme.txt")
        let refused = try installation.json("jobs", "run", "contacts")
        #expect(refused["error"]["message"].string?.contains("readme.txt") == true)
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0)
        try installation.apply(
            """
            jobs:
              - { name: contacts, kind: import-list, file: { name: contacts.zip, member: "*.csv" }, target: { list: CONTACTS },
                  mapping: { fields: { mail: EMAIL_ADDRESS_ } } }
            """)
        #expect(try installation.json("jobs", "run", "contacts")["records"]["inserted"].int == 3000)
    }
}
