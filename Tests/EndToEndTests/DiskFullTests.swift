import ConnectTesting
import Foundation
import Testing

/// T06: a full disk fails the run and nothing else.
@Suite(.waits) struct DiskFullTests {
    /// Small file systems can only be made by root.
    static let canMount: Bool = {
        guard geteuid() == 0, let directory = try? TemporaryDirectory() else { return false }
        guard (try? ChildRun("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", directory.path]).wait().status) == 0 else { return false }
        _ = try? ChildRun("umount", [directory.path]).wait()
        return true
    }()

    /// An installation on a file system of its own. The body gets it with a directory beside it that has room.
    private func onSmallDisk(_ size: String, _ body: (Installation, _ outside: String) throws -> Void) throws {
        let installation = try Installation { home in
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            guard try ChildRun("mount", ["-t", "tmpfs", "-o", "size=\(size)", "tmpfs", home]).wait().status == 0 else {
                throw TestFailure("no tmpfs")
            }
        }
        defer { _ = try? ChildRun("umount", ["-l", installation.home]).wait() }
        let outside = installation.directory.path + "/outside"
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
        try installation.apply(
            """
            servers:
              - name: outside
                connector: local
                settings: { directory: "\(outside)" }
            lists:
              - name: CONTACTS
                fields: { NAME: STR100 }
            jobs:
              - name: contacts
                kind: import-list
                file: { server: outside, name: contacts.csv }
                target: { list: CONTACTS }
                mapping: { fields: { mail: EMAIL_ADDRESS_ } }
              - name: few
                kind: import-list
                file: { server: outside, name: few.csv }
                target: { list: CONTACTS }
                mapping: { fields: { mail: EMAIL_ADDRESS_ } }
              - name: out
                kind: export
                source: { type: list, name: CONTACTS }
                file: { name: out.csv, ready_file: empty }
            """)
        try body(installation, outside)
    }

    private func people(_ numbers: Range<Int>) -> String {
        "mail,NAME\n" + numbers.map { "person\($0)@example.com,Name number \($0)\n" }.joined()
    }

    private func giveRoom(_ installation: Installation) throws {
        #expect(try ChildRun("mount", ["-o", "remount,size=200m", installation.home]).wait().status == 0)
    }

    /// Files that runs leave while they work: none stand longer than the run.
    private func remainders(_ installation: Installation) -> [String] {
        let all = FileManager.default.enumerator(atPath: installation.home)?.allObjects as? [String] ?? []
        return all.filter { $0.hasSuffix(".part") || $0.hasSuffix(".spool") || $0.contains("/spool/") || $0.contains("/work/") }
    }

    @Test(
        "IMP-17, T06: a disk that fills up fails the run as such, changes nothing, leaves nothing; others go on, and the next run succeeds once there is room",
        .enabled(if: canMount), arguments: ["4m", "8m"])
    func whileLoading(_ size: String) throws {
        try onSmallDisk(size) { installation, outside in
            try Data(people(0..<60_000).utf8).write(to: URL(fileURLWithPath: outside + "/contacts.csv"))
            try Data(people(0..<10).utf8).write(to: URL(fileURLWithPath: outside + "/few.csv"))
            let full = try installation.json("jobs", "run", "contacts")
            #expect(full["status"].string == "failed")
            #expect(full["error"]["code"].string == "disk.full", "\(full["error"]["message"].string ?? "")")
            #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: outside).sorted() == ["contacts.csv", "few.csv"])
            #expect(remainders(installation) == [])
            #expect(try installation.json("jobs", "run", "few")["records"]["inserted"].int == 10)
            try giveRoom(installation)
            let again = try installation.json("jobs", "run", "contacts")
            #expect(again["status"].string == "succeeded")
            #expect(again["records"]["inserted"].int == 60_000 - 10)
        }
    }

    @Test(
        "EXP-8, T06: an export to a disk that fills up leaves no half file and no ready file, and the next run writes every record",
        .enabled(if: canMount))
    func whileExporting() throws {
        try onSmallDisk("60m") { installation, outside in
            try Data(people(0..<60_000).utf8).write(to: URL(fileURLWithPath: outside + "/contacts.csv"))
            #expect(try installation.json("jobs", "run", "contacts")["status"].string == "succeeded")
            let stuffing = installation.home + "/stuffing"
            #expect(try ChildRun("/bin/sh", ["-c", "cat /dev/zero > \(stuffing); truncate -s -1m \(stuffing)"]).wait().status == 0)
            let full = try installation.json("jobs", "run", "out")
            #expect(full["status"].string == "failed")
            #expect(full["error"]["code"].string == "server.no-space", "\(full["error"]["message"].string ?? "")")
            #expect(try FileManager.default.contentsOfDirectory(atPath: installation.home + "/files/download") == [])
            #expect(remainders(installation) == [])
            try FileManager.default.removeItem(atPath: stuffing)
            #expect(try installation.json("jobs", "run", "out")["status"].string == "succeeded")
            let files = try FileManager.default.contentsOfDirectory(atPath: installation.home + "/files/download").sorted()
            #expect(files.count == 2)
            let written = try String(
                contentsOfFile: installation.home + "/files/download/" + (files.first { $0.hasSuffix(".csv") } ?? ""), encoding: .utf8)
            #expect(written.split(separator: "\n").count == 60_001)
        }
    }
}
