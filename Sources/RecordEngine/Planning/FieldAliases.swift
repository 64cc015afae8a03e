/// Names by which files call the system fields, beside the fields' own (IMP-6).
enum FieldAliases {
    /// Names with everything but letters and digits left out.
    static let systemFields: [String: String] = {
        var aliases: [String: String] = [:]
        for (field, names) in table { for name in names { aliases[name] = field } }
        return aliases
    }()

    private static let table: [String: [String]] = [
        "CUSTOMER_ID_": [
            "CUSTID", "CUSTOMERID", "CUSTNO", "CUSTOMERNO", "CUSTOMERNUMBER", "CUSTOMER", "CLIENTID", "MEMBERID", "CONTACTID", "USERID",
        ],
        "EMAIL_ADDRESS_": ["EMAIL", "MAIL", "EMAILADDRESS", "EMAILADDR", "MAILADDRESS", "EMAILID"],
        "EMAIL_FORMAT_": ["EMAILFORMAT", "MAILFORMAT"],
        "EMAIL_PERMISSION_STATUS_": ["EMAILPERMISSION", "EMAILOPTIN", "EMAILPERMISSIONSTATUS", "EMAILCONSENT", "OPTIN"],
        "MOBILE_NUMBER_": ["MOBILE", "MOBILENUMBER", "MOBILENO", "MOBILEPHONE", "CELL", "CELLPHONE", "MSISDN"],
        "MOBILE_COUNTRY_": ["MOBILECOUNTRY"],
        "MOBILE_PERMISSION_STATUS_": ["MOBILEPERMISSION", "MOBILEOPTIN", "SMSOPTIN", "MOBILEPERMISSIONSTATUS", "SMSCONSENT"],
        "POSTAL_STREET_1_": ["POSTALSTREET1", "STREET", "STREET1", "ADDRESS1", "ADDRESSLINE1", "ADDRESS"],
        "POSTAL_STREET_2_": ["POSTALSTREET2", "STREET2", "ADDRESS2", "ADDRESSLINE2"],
        "CITY_": ["CITY", "TOWN"],
        "STATE_": ["STATE", "PROVINCE", "REGION"],
        "POSTAL_CODE_": ["POSTALCODE", "POSTCODE", "ZIP", "ZIPCODE"],
        "COUNTRY_": ["COUNTRY", "COUNTRYCODE"],
        "POSTAL_PERMISSION_STATUS_": ["POSTALPERMISSION", "POSTALOPTIN", "POSTALPERMISSIONSTATUS"],
        "EMAIL_MD5_HASH_": ["EMAILMD5", "EMAILMD5HASH", "MD5EMAIL"],
        "EMAIL_SHA256_HASH_": ["EMAILSHA256", "EMAILSHA256HASH", "SHA256EMAIL"],
        "RIID_": ["RIID"],
    ]
}
