/// The character sets that the C library decodes, beside those of `FileCharacterSet` itself (IMP-3).
/// Names and aliases as IANA registers them; `iconv` is what the C library calls it.
struct CharacterSetNames {
    let names: [String]
    let iconv: String
    /// One byte a character, the lower half ASCII.
    let isSingleByte: Bool

    private init(_ names: [String], iconv: String? = nil, isSingleByte: Bool = false) {
        self.names = names
        self.iconv = iconv ?? names[0]
        self.isSingleByte = isSingleByte
    }

    static let all: [CharacterSetNames] = latin + windows + others + multibyte

    private static let latin: [CharacterSetNames] = [
        single("ISO-8859-2", "latin2", "csISOLatin2", "ISO8859-2"), single("ISO-8859-3", "latin3", "ISO8859-3"),
        single("ISO-8859-4", "latin4", "ISO8859-4"), single("ISO-8859-5", "cyrillic", "ISO8859-5"), single("ISO-8859-6", "arabic", "ISO8859-6"),
        single("ISO-8859-7", "greek", "ISO8859-7"), single("ISO-8859-8", "hebrew", "ISO8859-8"), single("ISO-8859-9", "latin5", "ISO8859-9"),
        single("ISO-8859-10", "latin6", "ISO8859-10"), single("ISO-8859-11", "TIS-620", "ISO8859-11"), single("ISO-8859-13", "ISO8859-13"),
        single("ISO-8859-14", "latin8", "ISO8859-14"), single("ISO-8859-15", "Latin-9", "latin9", "ISO8859-15"),
        single("ISO-8859-16", "latin10", "ISO8859-16"),
    ]

    private static let windows: [CharacterSetNames] = [1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258].map { number in
        // 1255 and 1258 compose characters of two bytes, which a table of single ones cannot.
        CharacterSetNames(["windows-\(number)", "CP\(number)"], iconv: "CP\(number)", isSingleByte: number != 1255 && number != 1258)
    }

    private static let others: [CharacterSetNames] = [
        single("KOI8-R"), single("KOI8-U"), single("IBM437", "cp437"), single("IBM850", "cp850"), single("IBM852", "cp852"),
        single("IBM866", "cp866"), single("macintosh", "mac"),
    ]

    private static let multibyte: [CharacterSetNames] = [
        CharacterSetNames(["Shift_JIS", "MS_Kanji", "csShiftJIS", "SJIS"], iconv: "SHIFT_JIS"),
        CharacterSetNames(["Windows-31J", "csWindows31J", "CP932", "MS932"], iconv: "CP932"),
        CharacterSetNames(["EUC-JP", "csEUCPkdFmtJapanese", "EUCJP"]), CharacterSetNames(["ISO-2022-JP", "csISO2022JP"]),
        CharacterSetNames(["GB18030", "csGB18030"]), CharacterSetNames(["GBK", "CP936", "MS936", "windows-936"]),
        CharacterSetNames(["GB2312", "EUC-CN", "csGB2312"], iconv: "EUC-CN"), CharacterSetNames(["Big5", "csBig5", "CN-Big5"], iconv: "BIG5"),
        CharacterSetNames(["Big5-HKSCS"], iconv: "BIG5-HKSCS"), CharacterSetNames(["EUC-KR", "csEUCKR", "EUCKR"]),
        CharacterSetNames(["EUC-TW", "EUCTW"]), CharacterSetNames(["UTF-32", "UTF32"]), CharacterSetNames(["UTF-32LE"]),
        CharacterSetNames(["UTF-32BE"]),
    ]

    private static func single(_ names: String...) -> CharacterSetNames { CharacterSetNames(names, isSingleByte: true) }
}
