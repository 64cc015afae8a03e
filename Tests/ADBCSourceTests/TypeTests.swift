import ConnectModel
import ConnectTesting
import ConnectorRuntime
import Foundation
import Testing

/// Types that neither SQLite nor PostgreSQL gives, out of a driver of ADBC 1.0 that is built for each. Its rows 0 and 1 lie before the offsets.
@Suite struct TypeTests {
    struct Column: CustomTestStringConvertible {
        var format: String
        var type: String
        var values: String
        var more = "{ 0 }"
        var expected: SourceValue
        var testDescription: String { format + " " + values }
    }

    private func bench(_ column: Column, _ directory: TemporaryDirectory) throws -> ADBCBench {
        let file = directory.path + "/typed.so"
        let options = [
            "-std=gnu11", "-shared", "-fPIC", "-fvisibility=hidden", "-I" + CompiledConnector.headers,
            "-I" + CompiledConnector.root + "/Plugins/ADBCSource",
            "-DFORMAT=\"\(column.format)\"", "-DTYPE=\(column.type)", "-DVALUES=\(column.values)", "-DMORE=\(column.more)", "-o", file,
            CompiledConnector.root + "/Tests/ADBCSourceTests/Fixtures/typed_driver.c",
        ]
        let result = try ChildRun("cc", options).wait()
        guard result.status == 0 else { throw TestFailure(result.errors) }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        return ADBCBench(settings: ["driver": .string(file), "query": .string("anything")])
    }

    @Test(
        "CON-9: every type is converted, with offsets of batch and column and with NULLs",
        arguments: [
            Column(format: "c", type: "int8_t", values: "{1,1,-128,1}", expected: .integer(-128)),
            Column(format: "C", type: "uint8_t", values: "{1,1,255,1}", expected: .integer(255)),
            Column(format: "S", type: "uint16_t", values: "{1,1,65535,1}", expected: .integer(65535)),
            Column(format: "I", type: "uint32_t", values: "{1,1,4294967295,1}", expected: .integer(4_294_967_295)),
            Column(format: "L", type: "uint64_t", values: "{1,1,INT64_MAX,UINT64_MAX}", expected: .integer(.max)),
            Column(format: "e", type: "uint16_t", values: "{1,1,0xC500,1}", expected: .double(-5)),
            Column(format: "f", type: "float", values: "{1,1,-0.75,1}", expected: .double(-0.75)),
            Column(format: "b", type: "uint8_t", values: "{4}", expected: .boolean(true)),
            Column(format: "U", type: "int64_t", values: "{0,0,1,3,3}", more: "{120,195,188}", expected: .text("ü")),
            Column(format: "vu", type: "int32_t", values: "{0,0,0,0,0,0,0,0,2,0x6261,0,0}", expected: .text("ab")),
            Column(
                format: "vu", type: "int32_t", values: "{0,0,0,0,0,0,0,0,13,0x64636261,0,1}",
                more: "{95,97,98,99,100,101,102,103,104,105,106,107,108,109}", expected: .text("abcdefghijklm")),
            Column(format: "tdm", type: "int64_t", values: "{1,1,-1,1}", expected: .text("1969-12-31")),
            Column(format: "tdD", type: "int32_t", values: "{1,1,19782,1}", expected: .text("2024-02-29")),
            Column(format: "tts", type: "int32_t", values: "{1,1,86399,1}", expected: .text("23:59:59")),
            Column(format: "tss:", type: "int64_t", values: "{1,1,-62135596800,1}", expected: .text("0001-01-01T00:00:00")),
            Column(format: "tsn:UTC", type: "int64_t", values: "{1,1,1,1}", expected: .text("1970-01-01T00:00:00.000000001Z")),
            Column(format: "d:9,3,32", type: "int32_t", values: "{1,1,-5,1}", expected: .text("-0.005")),
            Column(format: "d:18,0,64", type: "int64_t", values: "{1,1,120,1}", expected: .text("120")),
            Column(format: "d:5,-2", type: "int64_t", values: "{1,0,1,0,12,0,1,0}", expected: .text("1200")),
            Column(
                format: "d:38,2", type: "int64_t", values: "{1,0,1,0,0,1,1,0}", expected: .text("184467440737095516.16")),
            Column(format: "d:76,1,256", type: "int64_t", values: "{1,0,0,0,1,0,0,0,-15,-1,-1,-1,0,0,0,0}", expected: .text("-1.5")),
        ])
    func converts(column: Column) throws {
        let directory = try TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        let rows = try bench(column, directory).rows("query")
        #expect(rows == [[column.expected], [.null]])
    }

    @Test("CON-9: an unsigned number that has no place in the host's type is an error with the column's name, not another number")
    func tooLarge() throws {
        let directory = try TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        let column = Column(format: "L", type: "uint64_t", values: "{1,1,UINT64_MAX,1}", expected: .null)
        let error = try bench(column, directory).failure("query")
        #expect(error?.message.contains("\"value\"") == true && error?.category == .data, "\(String(describing: error))")
    }

    @Test(
        "CON-9: a type that is not handed on is refused with the column's name and type",
        arguments: ["z", "Z", "vz", "w:4", "tDs", "tiM", "+l", "d:5", "ts", "?"])
    func refuses(format: String) throws {
        let directory = try TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        let error = try bench(Column(format: format, type: "int64_t", values: "{0}", expected: .null), directory).failure("query")
        #expect(error?.message.contains("\"value\"") == true && error?.message.contains("\"\(format)\"") == true, "\(String(describing: error))")
    }
}
