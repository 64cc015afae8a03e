import ConnectModel
import Foundation
import PluginABI

/// Names and directories of a transport.
enum TransportNameChecks {
    static let all: [ConformanceCheck] = [listing, foreignNames, hostileNames, missing, rename, remove, directories]

    private static func check(_ id: String, _ title: String, _ body: @escaping @Sendable (CheckContext, Workspace) throws -> Void) -> ConformanceCheck
    {
        ConformanceCheck("transport." + id, title, kinds: [.transport], need: .connection, timeLimit: 30) { context in
            try body(context, context.workspace().1)
        }
    }

    private static let listing = check("list-stat", "list and stat tell what is there") { context, space in
        let sizes = ["a.csv": 0, "b.csv": 1, "c.csv": 70_001]
        for (name, size) in sizes { try space.write(name, Pattern.bytes(size)) }
        let (status, entries) = space.session.list(space.directory)
        try context.require(status == CH_OK, "list failed with \(StatusName.of(status)) \(space.session.call.words).")
        for (name, size) in sizes.sorted(by: { $0.key < $1.key }) {
            let listed = entries.filter { $0.path == space.path(name) }
            context.expect(
                listed.count == 1,
                "list told \(listed.count) entries with the path \"\(space.path(name))\", where a file of that name is. Paths are relative to the root of the session."
            )
            context.expect(listed.allSatisfy { $0.type == 1 }, "list does not tell the file \"\(name)\" as type 1.")
            context.expect(listed.allSatisfy { $0.size == Int64(size) }, "list tells \(listed.first?.size ?? -1) bytes for a file of \(size).")
            let (found, told) = space.session.stat(space.path(name))
            context.expect(
                found == CH_OK && told.count == 1, "stat of a file returned \(StatusName.of(found)) and told \(told.count) entries instead of one.")
            context.expect(
                told.allSatisfy { $0.size == Int64(size) && $0.type == 1 }, "stat tells another size or type than \(size) bytes and 1 (file).")
            context.expect(
                told.allSatisfy { $0.path == space.path(name) }, "stat tells the path \"\(told.first?.path ?? "")\" for \"\(space.path(name))\".")
        }
        for entry in entries where [".", ".."].contains(entry.path.split(separator: "/").last.map(String.init) ?? ".") {
            context.fail("list tells \"\(entry.path)\"; leave out \".\" and \"..\".")
        }
        context.expect(Set(entries.map(\.path)).count == entries.count, "list tells a name twice.")
    }

    private static let foreignNames = check("names", "Names with letters of all scripts, spaces and quotes work") { context, space in
        for name in ["Grüße.csv", "日本語 の ファイル", "a b  c", "quote'\"`$(id);&|.csv", "-rf", "*?[x]", "😀", "back\\slash", "#tag%20+~"] {
            context.doing("the name \(name)")
            let bytes = Pattern.bytes(300, seed: UInt64(name.utf8.count))
            let (status, file) = space.session.openWrite(space.path(name))
            guard let file else {
                // A far side may not take every name; a clear refusal is an answer.
                context.expect(
                    status == CH_E_CONFIG || status == CH_E_UNSUPPORTED || status == CH_E_PERMISSION,
                    "A file called \(name) was refused with \(StatusName.of(status)) \(space.session.call.words); CH_E_CONFIG says that the name must change."
                )
                context.note("The name \(name) is refused.")
                continue
            }
            _ = file.write(bytes[...])
            context.expect(file.commit() == CH_OK, "commit of a file called \(name) failed \(space.session.call.words).")
            try space.expect(name, holds: bytes, context, "A file called \(name)")
            let listed = space.session.list(space.directory).entries.contains { $0.path == space.path(name) }
            context.expect(listed, "list does not tell \"\(name)\" by the name under which it was written.")
            context.expect(space.session.remove(space.path(name)) == CH_OK, "A file called \(name) cannot be removed.")
        }
    }

    private static let hostileNames = check("hostile-names", "Paths that could lead out are refused") { context, space in
        try space.write("inside", [1, 2, 3])
        let (inside, random) = (space.path("inside"), "connecthost-check-\(UInt32.random(in: 1..<UInt32.max))")
        var paths = ["../\(random)", "..", ".", "/\(random)", "/etc/hostname", "./\(inside)", "/\(inside)", "\(inside)/", "x/../\(inside)"]
        if context.has(1 << 4) {
            _ = space.session.mkdir(space.path("sub"))
            paths += ["sub/../inside", "sub/../../../\(random)", "sub//x", "sub/./x", "sub/..", "/inside"].map { space.path($0) }
        }
        for path in paths {
            context.doing("the path \(path)")
            let read = space.session.openRead(path)
            read.file?.abort()
            context.expect(read.status < 0, "open_read took \"\(path)\". \(Self.advice)")
            // Only what belongs to the check is written to: a connector that lets paths out must not cost its author a file.
            if path != "/etc/hostname" {
                let written = space.session.openWrite(path)
                written.file?.abort()
                context.expect(written.status < 0, "open_write took \"\(path)\". \(Self.advice)")
            }
            if path != "." && !path.hasSuffix("..") {
                context.expect(space.session.stat(path).status < 0, "stat took \"\(path)\". \(Self.advice)")
            }
            if path.hasSuffix(random) {
                let made = space.session.mkdir(path)
                if made == CH_OK { _ = space.session.rmdir(path) }
                context.expect(made < 0, "mkdir took \"\(path)\". \(Self.advice)")
                let renamed = space.session.rename(inside, path, replace: false)
                if renamed == CH_OK { _ = space.session.rename(path, inside, replace: false) }
                context.expect(renamed < 0, "rename took \"\(path)\" as its target. \(Self.advice)")
            }
        }
        for list in ["..", "../..", "/", "/etc", space.path("sub/..")] {
            context.doing("listing \(list)")
            context.expect(space.session.list(list).status < 0, "list took \"\(list)\". \(Self.advice)")
        }
        let empty = space.session.openRead("")
        empty.file?.abort()
        context.expect(empty.status < 0, "open_read took the empty path, which is the root.")
        try space.expect("inside", holds: [1, 2, 3], context, "A file that hostile paths pointed to")
    }
    private static let advice = "Refuse absolute paths, empty names, \".\" and \"..\", before anything reaches the far side."

    private static let missing = check("missing", "What is not there is CH_E_NOT_FOUND") { context, space in
        let path = space.path("not-there")
        func expect(_ verb: String, _ status: Int32) {
            context.expect(
                status == CH_E_NOT_FOUND, "\(verb) of something that is not there returned \(StatusName.of(status)) instead of CH_E_NOT_FOUND.")
        }
        expect("stat", space.session.stat(path).status)
        let (status, file) = space.session.openRead(path)
        file?.abort()
        expect("open_read", status)
        expect("remove", space.session.remove(path))
        expect("rename", space.session.rename(path, space.path("target"), replace: true))
        if context.has(1 << 4) {
            expect("list", space.session.list(path).status)
            expect("rmdir", space.session.rmdir(path))
            let (inMissing, begun) = space.session.openWrite(path + "/file")
            begun?.abort()
            context.expect(inMissing < 0, "open_write below a directory that is not there succeeded; directories are made by mkdir alone.")
        }
    }

    private static let rename = check("rename", "rename keeps an existing target, or replaces it, as it is told") { context, space in
        let (first, second) = (Pattern.bytes(5000, seed: 1), Pattern.bytes(7000, seed: 2))
        try space.write("first", first)
        try space.write("second", second)
        let kept = space.session.rename(space.path("first"), space.path("second"), replace: false)
        context.expect(kept == CH_E_EXISTS, "rename with replace 0 to a name that exists returned \(StatusName.of(kept)) instead of CH_E_EXISTS.")
        try space.expect("second", holds: second, context, "The target of a refused rename")
        try space.expect("first", holds: first, context, "The file of a refused rename")
        let replaced = space.session.rename(space.path("first"), space.path("second"), replace: true)
        if replaced == CH_OK {
            try space.expect("second", holds: first, context, "The target of a rename with replace 1")
            context.expect(space.session.stat(space.path("first")).status == CH_E_NOT_FOUND, "After rename the old name is still there.")
        } else {
            context.expect(
                !context.has(1 << 0) && replaced == CH_E_UNSUPPORTED,
                "rename with replace 1 returned \(StatusName.of(replaced)) \(space.session.call.words); only without CH_TF_ATOMIC_RENAME it may be CH_E_UNSUPPORTED."
            )
        }
        try space.write("third", second)
        context.expect(
            space.session.rename(space.path("third"), space.path("Größe 3"), replace: false) == CH_OK,
            "rename to a new name failed \(space.session.call.words).")
        try space.expect("Größe 3", holds: second, context, "A renamed file")
        if context.has(1 << 4) {
            _ = space.session.mkdir(space.path("archive"))
            let moved = space.session.rename(space.path("Größe 3"), space.path("archive/moved"), replace: false)
            context.expect(moved == CH_OK, "rename into another directory returned \(StatusName.of(moved)) \(space.session.call.words).")
        }
    }

    private static let remove = check("remove", "remove takes a file away, and only that") { context, space in
        try space.write("goes", [1])
        try space.write("stays", [2])
        let status = space.session.remove(space.path("goes"))
        context.expect(status == CH_OK, "remove returned \(StatusName.of(status)) \(space.session.call.words).")
        context.expect(space.session.stat(space.path("goes")).status == CH_E_NOT_FOUND, "A removed file is still there.")
        context.expect(space.session.stat(space.path("stays")).status == CH_OK, "remove took another file with it.")
        if context.has(1 << 4) {
            _ = space.session.mkdir(space.path("directory"))
            context.expect(space.session.remove(space.path("directory")) < 0, "remove took a directory; that is what rmdir is for.")
        }
    }

    private static let directories = check("directories", "Directories are made and removed where it says that it can") { context, space in
        guard context.has(1 << 4) else { throw CheckSkipped(sentence: "It does not claim CH_TF_MKDIR.") }
        let path = space.path("new")
        func expect(_ what: String, _ status: Int32, _ wanted: Int32) {
            context.expect(status == wanted, "\(what) returned \(StatusName.of(status)) instead of \(StatusName.of(wanted)).")
        }
        expect("mkdir", space.session.mkdir(path), CH_OK)
        expect("mkdir of a directory that is there", space.session.mkdir(path), CH_OK)
        let told = space.session.stat(path)
        context.expect(told.status == CH_OK && told.entries.first?.type == 2, "stat does not tell a directory as type 2.")
        context.expect(space.session.list(path).entries.isEmpty, "list of an empty directory tells something.")
        try space.write("new/file", [1, 2])
        context.expect(
            space.session.list(path).entries.map(\.path) == [path + "/file"],
            "list of a directory with one file does not tell \"\(path)/file\" and nothing else.")
        expect("mkdir where a file is", space.session.mkdir(path + "/file"), CH_E_EXISTS)
        expect("rmdir of a directory that holds a file", space.session.rmdir(path), CH_E_NOT_EMPTY)
        expect("remove", space.session.remove(path + "/file"), CH_OK)
        let (status, file) = space.session.openRead(path)
        if let file {
            context.expect(file.read(10).count < 0, "A directory can be read like a file.")
            file.abort()
        } else {
            context.expect(status < 0, "open_read of a directory gave neither a file nor a status.")
        }
        expect("rmdir", space.session.rmdir(path), CH_OK)
        expect("stat of a removed directory", space.session.stat(path).status, CH_E_NOT_FOUND)
    }
}
