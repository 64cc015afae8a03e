import ConnectTesting
import Foundation
import Testing

/// The header in Rust, which projects and examples carry, says the same as the header.
@Suite struct RustLayoutTests {
    private static let declarations = CompiledConnector.root + "/Templates/rust/all/abi.rs"

    /// Struct to its fields, in order, as the Rust file has them.
    private func structs() throws -> [(name: String, fields: [String])] {
        let text = try String(contentsOfFile: Self.declarations, encoding: .utf8)
        return text.matches(of: /pub struct (?<name>\w+) \{\n(?<body>[^}]*)\n\}/).map { found in
            (String(found.name), found.body.matches(of: /(?m)^    pub (?<field>[\w#]+):/).map { String($0.field) })
        }
    }

    private func output(_ program: String, _ arguments: [String], _ source: String, _ directory: TemporaryDirectory) throws -> [String] {
        let built = try ChildRun(program, arguments + [source, "-o", source + ".out"]).wait()
        guard built.status == 0 else { throw TestFailure("\(program): \(built.errors)") }
        return try ChildRun(source + ".out", []).wait().output.split(separator: "\n").map(String.init)
    }

    @Test("CON-8: every struct of abi.rs has the size and the places of fields of the header's", .enabled(if: Toolchain.hasRust, "there is no rustc"))
    func layout() throws {
        let structs = try structs()
        #expect(structs.count == 15)
        let directory = try TemporaryDirectory()
        let isArrow = { (name: String) in name.hasPrefix("Arrow") }
        let c = structs.map { one in
            let type = (isArrow(one.name) ? "struct " : "") + one.name
            let fields = one.fields.map { "printf(\"\(one.name).\($0) %zu\\n\", offsetof(\(type), \($0.replacing("r#", with: ""))));" }
            return "printf(\"\(one.name) %zu\\n\", sizeof(\(type)));" + fields.joined()
        }
        let rust = structs.map { one in
            let fields = one.fields.map { "println!(\"\(one.name).\($0) {}\", std::mem::offset_of!(abi::\(one.name), \($0)));" }
            return "println!(\"\(one.name) {}\", size_of::<abi::\(one.name)>());" + fields.joined()
        }
        let cSource = try directory.write("layout.c", "#include <connecthost_plugin.h>\n#include <stdio.h>\nint main(void) { \(c.joined()) }")
        let rustSource = try directory.write("layout.rs", "#[path = \"\(Self.declarations)\"] mod abi;\nfn main() { \(rust.joined()) }")
        let expected = try output("cc", ["-std=c11", "-I" + CompiledConnector.headers], cSource, directory)
        #expect(expected.count > 100)
        #expect(try output("rustc", ["--edition", "2021"], rustSource, directory) == expected)
    }

    @Test("CON-8: every number of abi.rs is the header's", .enabled(if: Toolchain.hasRust, "there is no rustc"))
    func constants() throws {
        let text = try String(contentsOfFile: Self.declarations, encoding: .utf8)
        let names = text.matches(of: /pub const (?<name>\w+):/).map { String($0.name) }
        #expect(names.count > 40)
        let directory = try TemporaryDirectory()
        let c = names.map { "printf(\"\($0) %lld\\n\", (long long)\($0));" }.joined()
        let rust = names.map { "println!(\"\($0) {}\", abi::\($0) as i64);" }.joined()
        let cSource = try directory.write("numbers.c", "#include <connecthost_plugin.h>\n#include <stdio.h>\nint main(void) { \(c) }")
        let rustSource = try directory.write("numbers.rs", "#[path = \"\(Self.declarations)\"] mod abi;\nfn main() { \(rust) }")
        let expected = try output("cc", ["-std=c11", "-I" + CompiledConnector.headers], cSource, directory)
        #expect(try output("rustc", ["--edition", "2021"], rustSource, directory) == expected)
    }
}
