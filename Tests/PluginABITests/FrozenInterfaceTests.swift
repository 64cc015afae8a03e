import ConnectTesting
import Foundation
import Testing

/// The gate that `make check` runs: the interface is the released one with, at most, something added.
@Suite struct FrozenInterfaceTests {
    private static let frozen = CompiledConnector.root + "/Sources/PluginABI/frozen/connecthost_plugin_1_0.h"

    /// The gate's answer about the released header with `old` replaced by `new`; a nil `old` changes nothing.
    private func gate(_ changes: [(old: String, new: String)]) throws -> ChildRun.Result {
        let directory = try TemporaryDirectory()
        var text = try String(contentsOfFile: Self.frozen, encoding: .utf8)
        for (old, new) in changes {
            let changed = text.replacingOccurrences(of: old, with: new)
            try #require(changed != text, "\(old)")
            text = changed
        }
        return try ChildRun(CompiledConnector.root + "/scripts/check-abi", [Self.frozen, try directory.write("connecthost_plugin.h", text)]).wait()
    }

    private static let minor = (old: "CH_ABI_MINOR 0u", new: "CH_ABI_MINOR 1u")

    @Test("CON-1: the interface of this tree keeps what was released")
    func current() throws {
        let result = try ChildRun(CompiledConnector.root + "/scripts/check-abi", []).wait()
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test("CON-1: a field at the end of a growing struct, a constant and an extension may be added, with the minor raised; comments may change")
    func appends() throws {
        let field = (
            old: "  int32_t (*rmdir)(ch_session *s, const ch_call *call, const char *path);\n",
            new: "  int32_t (*rmdir)(ch_session *s, const ch_call *call, const char *path);\n  int32_t (*sync)(ch_session *s);\n"
        )
        let constant = (old: "#define CH_TF_PARALLEL ", new: "#define CH_TF_SYNC (1ull << 8)\n#define CH_TF_PARALLEL ")
        let added = try gate([field, constant, Self.minor])
        #expect(added.status == 0, "\(added.output)\(added.errors)")
        let unannounced = try gate([field])
        #expect(unannounced.status == 1 && unannounced.output.contains("CH_ABI_MINOR"), "\(unannounced.output)\(unannounced.errors)")
        #expect(try gate([(old: "Never fails; at most 2 s; NULL is fine.", new: "Never fails.")]).status == 0)
        #expect(try gate([]).status == 0)
    }

    @Test(
        "CON-1: whatever else is changed is found and named",
        arguments: [
            ("  int64_t size; ", "  int64_t more; int64_t size; ", "ch_entry"), ("  int64_t size; ", "  uint64_t size; ", "ch_entry"),
            ("  int64_t size; ", "  int64_t bytes; ", "ch_entry"), ("  int32_t (*validate)", "  int64_t (*validate)", "ch_connector"),
            ("  void    (*abort)(ch_file *f);\n", "", "ch_transport"),
            ("const void *bytes, size_t len);", "const void *bytes, size_t len); void *more;", "ch_sink"),
            ("#define CH_E_AUTH          (-2)", "#define CH_E_AUTH          (-22)", "CH_E_AUTH"),
            ("#define CH_E_CURSOR ", "#define CH_E_OTHER ", "CH_E_CURSOR"),
            ("connecthost_library_v1(", "connecthost_library_v2(", "connecthost_library_v1"), ("CH_ABI_MAJOR 1u", "CH_ABI_MAJOR 2u", "major"),
            ("typedef struct ch_file ch_file;", "typedef struct ch_stream ch_file;", "ch_file"),
        ])
    func breaks(old: String, new: String, named: String) throws {
        let result = try gate([(old, new), Self.minor])
        #expect(result.status == 1)
        #expect(result.output.contains(named), "\(result.output)\(result.errors)")
    }
}
