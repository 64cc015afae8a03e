import ConnectTesting
import Foundation
import Testing

/// Looking at files on servers before there is a job for them (IMP-18).
@Suite(.waits) struct FilesTests {
    @Test("IMP-18: a file with addresses is told by its first bytes, and the job file printed for it loads it as it stands")
    func people() throws {
        let installation = try Installation()
        let text =
            "mail;Vorname;Straße & Nr;Punkte;Seit\r\n"
            + (1...20).map { "p\($0)@example.com;Jörg;Weg \($0);\($0);31/01/2026 10:00:\($0 < 10 ? "0" : "")\($0)\r\n" }.joined()
        let latin = Data(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
        try installation.put("kunden_2026-01-31.csv", latin)
        let path = "upload/kunden_2026-01-31.csv"
        let found = try installation.json("files", "inspect", "files", path, "--rows", "2")
        #expect(found["charset"].string == "windows-1252" && found["delimiter"].string == ";" && found["line_end"].string == "CRLF")
        #expect(found["header"].bool == true && found["compression"].string == "none" && found["date_format"].string == "EU_Long_Slash_NoMillis")
        #expect(found["sampled_records"].int == 20 && found["first_rows"].count == 2)
        let columns = (0..<5).map { found["columns"][$0] }
        #expect(columns.map { $0["field"].string } == ["EMAIL_ADDRESS_", "VORNAME", "STRASSE___NR", "PUNKTE", "SEIT"])
        #expect(columns.map { $0["type"].string } == ["STR50", "STR25", "STR25", "INTEGER", "TIMESTAMP"])
        let words = try installation.expectSuccess("files", "inspect", "files", path)
        #expect(words.contains("A job file for it") && words.contains("dates: EU_Long_Slash_NoMillis") && words.contains("Jörg"))
        let document = try installation.expectSuccess("files", "inspect", "files", path, "--job-file")
        #expect(document == found["job_file"].string)
        #expect(try installation.json("lists", "list").count == 0, "looking makes nothing")
        try installation.apply(document)
        let run = try installation.json("jobs", "run", "Import KUNDEN")
        #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
        #expect(run["records"]["inserted"].int == 20 && run["records"]["rejected"].int == 0 && run["warnings"].count == 0)
        let row = try installation.rows("KUNDEN", "EMAIL_ADDRESS_,VORNAME,STRASSE___NR,PUNKTE,SEIT").first
        #expect(row == #"{"EMAIL_ADDRESS_":"p10@example.com","PUNKTE":"10","SEIT":"2026-01-31 10:00:10","STRASSE___NR":"Weg 10","VORNAME":"Jörg"}"#)
    }

    @Test("IMP-18: a file that is packed under a plain name, has no header, and is about no people becomes a supplemental table")
    func records() throws {
        let installation = try Installation()
        try installation.directory.write("orders.csv", (1...50).map { "A-\($0)|\($0).50|2026-01-0\($0 % 9 + 1) 08:00:00|x y\n" }.joined())
        let shell = try ChildRun("/bin/sh", ["-c", "gzip -c '\(installation.directory.path)/orders.csv' > '\(installation.upload)/orders.dat'"])
            .wait()
        #expect(shell.status == 0)
        let found = try installation.json("files", "inspect", "files", "upload/orders.dat")
        #expect(found["compression"].string == "gzip" && found["delimiter"].string == "|" && found["header"].bool == false)
        #expect((0..<4).map { found["columns"][$0]["type"].string } == ["STR25", "NUMBER", "TIMESTAMP", "STR25"])
        try installation.apply(try #require(found["job_file"].string))
        let run = try installation.json("jobs", "run", "Import ORDERS")
        #expect(run["records"]["inserted"].int == 50, "\(run["error"]["message"].string ?? "")")
        let first = try installation.expectSuccess("tables", "query", "ORDERS", "--limit", "1", "--json", "--fields", "COLUMN1,COLUMN2")
        #expect(first == #"{"COLUMN1":"A-1","COLUMN2":"1.5"}"# + "\n")
    }

    @Test("IMP-18: a server's directories are listed; what is not there, no file or no text is said, with what to do")
    func looking() throws {
        let installation = try Installation()
        try installation.put("b.csv", "ID,NAME\n1,x\n")
        try installation.put("a.pdf", Data("%PDF-1.7".utf8) + Data(repeating: 0x20, count: 500))
        try installation.put("empty.csv", "")
        let top = try installation.json("files", "list", "files")
        #expect((0..<top.count).map { top[$0]["name"].string } == ["archive", "download", "upload"])
        #expect(top[0]["kind"].string == "directory")
        let files = try installation.json("files", "list", "files", "upload")
        #expect((0..<files.count).map { files[$0]["path"].string } == ["upload/a.pdf", "upload/b.csv", "upload/empty.csv"])
        #expect(files[1]["size"].int == 12 && files[1]["kind"].string == "file")
        #expect(try installation.expectSuccess("files", "list", "files").contains("upload/"))
        for (arguments, status, words) in [
            (["list", "files", "nowhere"], 3, "no directory"), (["list", "nobody"], 3, "There is no server"),
            (["inspect", "files", "upload/c.csv"], 3, "c.csv"),
            (["inspect", "files", "upload"], 3, "is a directory"), (["inspect", "files", "upload/a.pdf"], 1, "a PDF"),
            (["inspect", "files", "upload/empty.csv"], 1, "is empty"),
        ] as [([String], Int32, String)] {
            let result = try installation.start(["files"] + arguments).wait()
            #expect(result.status == status && result.errors.contains(words), "\(arguments): \(result.status) \(result.errors)")
        }
        #expect(try installation.expectSuccess("files", "inspect", "--help").contains("connecthost files inspect partner"))
    }
}
