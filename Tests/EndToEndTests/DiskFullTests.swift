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

    @Test("IMP-17: a disk that fills up fails the run as such, changes nothing, and the next run succeeds once there is room", .enabled(if: canMount))
    func diskFull() throws {
        let installation = try Installation { home in
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            guard try ChildRun("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", home]).wait().status == 0 else { throw TestFailure("no tmpfs") }
        }
        defer { _ = try? ChildRun("umount", ["-l", installation.home]).wait() }
        let outside = installation.directory.path + "/outside"
        try installation.directory.write(
            "outside/contacts.csv", "mail,NAME\n" + (0..<60_000).map { "person\($0)@example.com,Name number \($0)\n" }.joined())
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
            """)
        let full = try installation.json("jobs", "run", "contacts")
        #expect(full["status"].string == "failed")
        #expect(full["error"]["code"].string == "disk.full", "\(full["error"]["message"].string ?? "")")
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0)
        #expect(installation.directory.names(in: "outside") == ["contacts.csv"])
        #expect(try ChildRun("mount", ["-o", "remount,size=200m", installation.home]).wait().status == 0)
        let again = try installation.json("jobs", "run", "contacts")
        #expect(again["status"].string == "succeeded")
        #expect(again["records"]["inserted"].int == 60_000)
    }
}
