import ConnectTesting
import Foundation
import Testing

/// `make install`, below a prefix of the test's own.
@Suite(.waits) struct InstallTests {
    private func install(_ prefix: String, _ arguments: String...) throws {
        let result = try ChildRun(
            CompiledConnector.root + "/scripts/install", arguments,
            environment: ["PREFIX": prefix, "BUILD": Installation.buildDirectory, "DESTDIR": ""]
        ).wait()
        try #require(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test(
        "CON-2, CON-8: what is installed below a prefix runs with its connectors, pkg-config leads a C compiler to the header, and all of it goes again"
    )
    func prefix() throws {
        let directory = try TemporaryDirectory()
        let prefix = directory.path + "/prefix"
        try install(prefix)
        let program = prefix + "/bin/connecthost"
        let home = directory.path + "/home"
        #expect(try ChildRun(program, ["init", "--home", home]).wait().status == 0)
        let listed = try ChildRun(program, ["connectors", "list", "--home", home, "--json"]).wait().output
        let bundled = try FileManager.default.contentsOfDirectory(atPath: prefix + "/lib/connecthost/connectors")
        #expect(bundled.count >= 7)
        for name in bundled { #expect(listed.contains(name), "\(name) is not listed") }

        // Nothing but `cc` and what pkg-config says.
        let found = ["PKG_CONFIG_PATH": prefix + "/lib/pkgconfig"]
        let library = directory.path + "/libcontacts.so"
        let source = CompiledConnector.root + "/Examples/c-source/contacts_source.c"
        let built = try ChildRun(
            "/bin/sh", ["-c", "cc -std=c11 -Wall -Wextra -Werror -shared -fPIC $(pkg-config --cflags connecthost) -o \(library) \(source)"],
            environment: found
        ).wait()
        #expect(built.status == 0, "\(built.errors)")
        let checked = try ChildRun(program, ["connectors", "check", library, "--home", home]).wait()
        #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
        let version = try ChildRun("pkg-config", ["--modversion", "connecthost"], environment: found).wait().output
        #expect(version.hasPrefix("1."))

        try install(prefix, "--remove")
        let left = (FileManager.default.enumerator(atPath: prefix)?.allObjects as? [String] ?? []).filter { name in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: prefix + "/" + name, isDirectory: &isDirectory) && !isDirectory.boolValue
        }
        #expect(left == [])
    }
}
