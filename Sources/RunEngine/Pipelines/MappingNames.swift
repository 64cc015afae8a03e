import ConnectModel
import RecordEngine

extension ImportDefinition {
    /// The definition with the column names that its mapping file gives, if it has one (IMP-6).
    func named(from transport: any Transport) throws -> ImportDefinition {
        guard let mappingFile else { return self }
        let path = RemotePath.join(directory, mappingFile)
        let names: [String]
        do {
            let source = TransportSource(try transport.openRead(path, offset: 0))
            names = try MappingFile.columnNames(in: source, charset: FileCharacterSet(name: charset), format: format())
        } catch let error as ConnectError where error.code == "file.missing" {
            throw ConnectError(
                "mapping.file", .configuration, "There is no mapping file \"\(path)\" on server \"\(server)\".",
                remedy: "Put it there, or take mapping.file out of the job.")
        }
        guard !names.isEmpty else {
            throw ConnectError(
                "mapping.file", .configuration, "The mapping file \"\(path)\" names no column.",
                remedy: "Write the names of the columns into its first line.")
        }
        var named = self
        named.columnNames = names
        return named
    }
}
