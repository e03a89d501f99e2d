// One throw-away key and its certificate as tools of twenty years ago encrypted them, written by `openssl
// -legacy`; the passphrase is "correct horse". OpenSSL 3 opens them only with its legacy provider.
#pragma once

namespace tlsa_update::test {

// SHA-256 of the key's SPKI, by `openssl dgst`.
inline constexpr const char* legacy_spki_sha2_256 =
    "e088be2c1d11b46a3bfa794f15e8305b5228b5b4e201f46aaac3b8284b8e1a02";

inline constexpr const char* legacy_des_pem =  // Proc-Type: 4,ENCRYPTED with DES-CBC
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: DES-CBC,FD40CB8A435C7351\n"
    "\n"
    "Y4O3hOm/LKji2GBoquqHwuhG00DhAnHAA+7c6JRxqMljA9MYygTb+TJBgUhacCyR\n"
    "QimOOYKsCoeskvp5gcOC12O/Tgnc/iXT7MfpDhE6rklDW4KuHdD0wSvBjwJORZKI\n"
    "66sJh4jT6u9aAbd00c12NZHmmH7nMXOZkBoeJsVcC+0=\n"
    "-----END EC PRIVATE KEY-----\n";

inline constexpr const char* legacy_rc2_pem =  // PKCS#8, pbeWithSHA1And40BitRC2-CBC
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGxMBwGCiqGSIb3DQEMAQYwDgQIRVy0uSjbYy4CAggABIGQpFCdjceVDS7YiqUR\n"
    "+fEFmrOX+9WrpUSXcI5We8B5GKvztTajuC36cmxKGbJrsp1SA7j2/FybtiLipH4J\n"
    "szdvJFSe+EdWzqfhmFDCQVSTrn6XzYkhoLrVSELfPmG3kPG3shJZkPDW1oeyXZ3C\n"
    "PcnUQQafkUyC2fly3LcvaJ9L/zUpDPWUKr4aVXlGFXtU/yiZ\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

inline constexpr const char* legacy_md5_des_pem =  // PKCS#8, pbeWithMD5AndDES-CBC
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGwMBsGCSqGSIb3DQEFAzAOBAguYpDfF31wxgICCAAEgZDAICY4ojVukXrZ/EGz\n"
    "yJi1VeQLYCk/bVHX2xQBjFl8/DBolUsiBKn2PrhXtE1yZ11XuUww3SOhwxOUUeZX\n"
    "lKb6j+SfGZeDOSy6LAafKPptoaPzZ9kAOLoyJe6i0SpTpAyjQ2iwJyIg4u+KLbwM\n"
    "fGK816MNU5gie7VjADZjq3p7nb2bMmDCrS1PN5Dyo1KfRrI=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

inline constexpr const char* legacy_pkcs12_base64 =  // certificates in 40 bit RC2, the key in 3DES
    "-----BEGIN PKCS12-----\n"
    "MIIDggIBAzCCA0gGCSqGSIb3DQEHAaCCAzkEggM1MIIDMTCCAicGCSqGSIb3DQEHBqCCAhgwggIUAgEAMIICDQYJKoZIhvcN\n"
    "AQcBMBwGCiqGSIb3DQEMAQYwDgQIWyrQ5cOF+1cCAggAgIIB4O/6bJQnIjMhmMKdmYwuIFHnX2IjSaQhENBkKQTh1uiflXDA\n"
    "Y+4A17GqW1uJwzcUEU+oMEih4cmbhF68nBtEvXtOq+7inQx96qv0M8Gyt5m8qiuygsbhFvU5KnBhTmWI7toqrsYfdzrWympg\n"
    "NQrCXmkhO8VbphcF2yxyMod9U/Bung5pm35gKhaEw8AqwzSCxFtTtcaV4KMo207s0Y1Qk1uOloQ4PQ0YMOre0y7iZs1OKSGG\n"
    "tCHs26xilBMhNDPEOCyCoe9DclWTvpTVJsi98ZUIHS5d9EJ04ReH9428QGk0gyx8TmT53JNJv8SwrZK/sB8H6z+0v/2NSMlZ\n"
    "H+qquSnffs1QwQ1ql+g9jGkqY4I8v9VsZ3pT+KLSjvO/SESqZUWkrN4SFn9H5CJHMZjd3r5+klVkMmFriZs1tCR1R4Dcz3Q0\n"
    "8cS956ejRQrvmC16x4VsrcjxFZ6DdQqm1Xi1Igopsw5xpBpPG+ujtqpG/YUNwEnQHZ8iSk5WGnf14Rl5Ta8cmZoDWzHffqZm\n"
    "K3AQUETFb7avniEypJehfnsuCixcKLy6C6XMXV44uqc3R+gbRfOwSbuCkT86JWZytt8hm8fSO/DKj6JWWcXJQpzrQeKHK9tB\n"
    "YTUIosZulMb9PVRIcjCCAQIGCSqGSIb3DQEHAaCB9ASB8TCB7jCB6wYLKoZIhvcNAQwKAQKggbQwgbEwHAYKKoZIhvcNAQwB\n"
    "AzAOBAgSt0jaGoJ+lwICCAAEgZBxvY1zU/XXFKG63neZWppFCzcLSK9njdhH9rcRfzizF5d1kiXOK3NDzEOdyb4w1S2U0gLS\n"
    "0aBkoc3dactMlfMwWZHcxW59ENE9jxLk4E0SFeuN3GQADnVY5oyXfsl5a2o3LvNNfZ0yAow/VWD+qgfEFxfxng/n/4/m+3XZ\n"
    "73wYkXKKFDlUkiG1RVJ3Kea44fAxJTAjBgkqhkiG9w0BCRUxFgQUcVszSdI0SSEtVA9j+TiZIR+RPVAwMTAhMAkGBSsOAwIa\n"
    "BQAEFN6rFUq7apUFFFpVxju/clrSvLb7BAgx02KZ5bWOYgICCAA=\n"
    "-----END PKCS12-----\n";

}  // namespace tlsa_update::test
