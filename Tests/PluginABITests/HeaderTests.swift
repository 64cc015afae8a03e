import ConnectTesting
import Foundation
import Testing

/// The header as authors compile it.
@Suite struct HeaderTests {
    private static let program = """
        #include <connecthost_plugin.h>
        static const ch_library library = { sizeof library, CH_ABI_VERSION, 0, 0, 0, 0, 0 };
        const ch_library *connecthost_library_v1(const ch_host *host) { return CH_HAS(host, ch_host, service) ? &library : NULL; }
        """

    private func compile(_ compiler: String, _ standard: String, headers: String, _ text: String = program) throws -> ChildRun.Result {
        let directory = try TemporaryDirectory()
        let source = try directory.write(compiler == "cc" ? "one.c" : "one.cpp", text)
        let flags = ["-std=" + standard, "-Wall", "-Wextra", "-pedantic", "-Werror", "-I" + headers, "-c", source, "-o", directory.path + "/one.o"]
        return try ChildRun(compiler, flags).wait()
    }

    @Test("CON-1: the header compiles without a warning", arguments: [("cc", "c11"), ("cc", "c17"), ("c++", "c++17")])
    func compiles(compiler: String, standard: String) throws {
        let result = try compile(compiler, standard, headers: CompiledConnector.headers)
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test("CON-1: the frozen header of 1.0 compiles too", arguments: [("cc", "c11"), ("c++", "c++17")])
    func frozenCompiles(compiler: String, standard: String) throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.copyItem(atPath: Self.frozen, toPath: directory.path + "/connecthost_plugin.h")
        let result = try compile(compiler, standard, headers: directory.path)
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test("CON-1: the layout is the one that is pinned, and a change of it does not compile")
    func layoutIsPinned() throws {
        let checks = try String(contentsOfFile: CompiledConnector.root + "/Sources/PluginABI/layout_checks.c", encoding: .utf8)
        #expect(try compile("cc", "c11", headers: CompiledConnector.headers, checks).status == 0)
        let changed = try TemporaryDirectory()
        let header = try String(contentsOfFile: CompiledConnector.headers + "/connecthost_plugin.h", encoding: .utf8)
        let longer = header.replacingOccurrences(of: "  int64_t size; ", with: "  int64_t more; int64_t size; ")
        #expect(longer != header)
        try changed.write("connecthost_plugin.h", longer)
        let result = try compile("cc", "c11", headers: changed.path, checks)
        #expect(result.status != 0)
        #expect(result.errors.contains("ch_entry"))
    }

    @Test("CON-1: today's structs begin as those of 1.0 did: the same layout checks hold for the frozen header")
    func frozenLayout() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.copyItem(atPath: Self.frozen, toPath: directory.path + "/connecthost_plugin.h")
        let checks = try String(contentsOfFile: CompiledConnector.root + "/Sources/PluginABI/layout_checks.c", encoding: .utf8)
        let result = try compile("cc", "c11", headers: directory.path, checks)
        #expect(result.status == 0, "\(result.errors)")
    }

    private static let frozen = CompiledConnector.root + "/Sources/PluginABI/frozen/connecthost_plugin_1_0.h"
}
