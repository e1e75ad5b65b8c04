-- The characters of words: which separate words, which belong to names of code, and how they are folded.
--
-- Everything here is stated in code points, because character classes and lower() follow the locale of the database,
-- which may be C. Postgres' own text parser follows it too, so it is not used.

-- The version of the words that documents hold. A higher number rebuilds all documents in the background, so raise it
-- with every change of what logic.search_words returns.
create function logic.search_text_version() returns bigint language sql immutable parallel safe return 2;

-- A class of characters (the inside of brackets) that separate words: blanks, controls, punctuation and symbols of every
-- script. Emoji are not among them, they are words.
create function logic.separator_class() returns text language sql immutable parallel safe return
        '\u0001-\u0022\u0024-\u002a,\u003a-\u003f\u005b\u005d\u005e\u0060\u007b-\u007f'
        '\u0080-\u00a9\u00ab-\u00ac\u00ae-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7\u02c2-\u02c5\u02d2-\u02df'
        '\u02e5-\u02eb\u02ed\u02ef-\u02ff\u0375\u037e\u0384-\u0385\u0387\u03f6\u0482\u055a-\u055f\u0589-\u058f\u05be\u05c0'
        '\u05c3\u05c6\u05f3-\u060f\u061b\u061d-\u061f\u066a-\u066d\u06d4\u06dd-\u06de\u06e9\u06fd-\u06fe\u0700-\u070f'
        '\u07f6-\u07f9\u07fe-\u07ff\u0830-\u083e\u085e\u0888\u0890-\u0891\u08e2\u0964-\u0965\u0970\u09f2-\u09f3\u09fa-\u09fb'
        '\u09fd\u0a76\u0af0-\u0af1\u0b70\u0bf3-\u0bfa\u0c77\u0c7f\u0c84\u0d4f\u0d79\u0df4\u0e3f\u0e4f\u0e5a-\u0e5b\u0f01-\u0f17'
        '\u0f1a-\u0f1f\u0f34\u0f36\u0f38\u0f3a-\u0f3d\u0f85\u0fbe-\u0fc5\u0fc7-\u0fda\u104a-\u104f\u109e-\u109f\u10fb'
        '\u1360-\u1368\u1390-\u1399\u1400\u166d-\u166e\u1680\u169b-\u169c\u16eb-\u16ed\u1735-\u1736\u17d4-\u17d6\u17d8-\u17db'
        '\u1800-\u180a\u1940-\u1945\u19de-\u19ff\u1a1e-\u1a1f\u1aa0-\u1aa6\u1aa8-\u1aad\u1b5a-\u1b6a\u1b74-\u1b7e\u1bfc-\u1bff'
        '\u1c3b-\u1c3f\u1c7e-\u1c7f\u1cc0-\u1cc7\u1cd3\u1fbd\u1fbf-\u1fc1\u1fcd-\u1fcf\u1fdd-\u1fdf\u1fed-\u1fef\u1ffd-\u200a'
        '\u2012-\u2029\u202f-\u205f\u207a-\u207e\u208a-\u208e\u20a0-\u20a7\u20a9-\u20c0\u2104\u2108\u2114\u2117-\u2118'
        '\u211e-\u2120\u2122-\u2123\u2125\u2127\u2129\u212e\u213a\u2140-\u2144\u214a-\u214d\u214f\u218a-\u2211\u2213-\u2319'
        '\u231c-\u23e8\u23fb-\u244a\u2500-\u25ff\u27c0-\u2adb\u2add-\u2b4f\u2b56-\u2bff\u2ce5-\u2cea\u2cf9-\u2cfc\u2cfe-\u2cff'
        '\u2d70\u2e00-\u2e2e\u2e30-\u2e9e\u2ea0-\u2ef2\u2ff0-\u3004\u3008-\u3020\u3030\u3036-\u3037\u303d-\u303f\u30a0\u30fb'
        '\u3190-\u3191\u31c0-\u31e3\u327f\u4dc0-\u4dff\ua490-\ua4c6\ua4fe-\ua4ff\ua60d-\ua60f\ua673\ua67e\ua6f2-\ua716'
        '\ua720-\ua721\ua789-\ua78a\ua828-\ua82b\ua836-\ua839\ua874-\ua877\ua8ce-\ua8cf\ua8f8-\ua8fa\ua8fc\ua92e-\ua92f\ua95f'
        '\ua9c1-\ua9cd\ua9de-\ua9df\uaa5c-\uaa5f\uaa77-\uaa79\uaade-\uaadf\uaaf0-\uaaf1\uab5b\uab6a-\uab6b\uabeb\ue000-\uf8ff'
        '\ufb29\ufbb2-\ufbc2\ufd3e-\ufd4f\ufdcf\ufdfd-\ufdff\ufe10-\ufe19\ufe30-\ufe48\ufe4d-\ufe62\ufe64-\ufe6b\uff01-\uff02'
        '\uff04-\uff0a\uff0c\uff1a-\uff1f\uff3b\uff3d-\uff3e\uff40\uff5b-\uff65\uffe0-\uffe2\uffe4-\ufffd\U00010100-\U0001013f'
        '\U0001d000-\U0001d35f'
;

-- A class of characters that separate words but belong to names of code (--no-verify, src/db/pool.rs, C#): hyphens,
-- number sign, plus, full stop, slashes, at sign, underscore, also in full width.
create function logic.connector_class() returns text language sql immutable parallel safe return
        '\-#+./@\\_\u2010\u2011\u2212\ufe63\uff03\uff0b\uff0d\uff0e\uff0f\uff20\uff3c\uff3f';

-- A class of characters of scripts that put no blanks between words and have many characters: Chinese, Japanese, Korean.
-- Two neighbours mean something, so each two are a word.
create function logic.ideograph_class() returns text language sql immutable parallel safe return
        '\u1100-\u11ff\u3005-\u3007\u3031-\u303c\u3041-\u30ff\u3105-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff'
        '\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff';

-- The same with few characters: Thai, Lao, Tibetan, Burmese, Khmer. Each three are a word.
create function logic.syllable_class() returns text language sql immutable parallel safe return
        '\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0eff\u0f00\u0f18-\u0f19\u0f35\u0f37\u0f39\u0f40-\u0f84\u0f86-\u0fbc\u1000-\u1049'
        '\u1050-\u109d\u1780-\u17d3\u17d7\u17dc-\u17dd\uaa60-\uaa7f';

-- Emoji and pictograms; each is a word.
create function logic.emoji_class() returns text language sql immutable parallel safe return
        '\u231a\u231b\u23e9-\u23fa\u2600-\u27bf\u2b50-\u2b55\U0001f000-\U0001faff';

-- Characters that do not tell words apart: accents, points and vowel signs that are often left out (Hebrew, Arabic),
-- tatweel, soft hyphens, joiners, direction and variation marks, fillers, the degree sign. Vowel signs of Indian
-- scripts and the sound marks of kana do tell them apart.
create function logic.ignored_class() returns text language sql immutable parallel safe return
        '\u00ad\u00b0\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u061c\u0640'
        '\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u093c\u115f\u1160\u180b-\u180f\u1ab0-\u1aff'
        '\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\u3164\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\uffa0'
        '\U000e0000-\U000e0fff';

-- Lower case in all scripts. The collation is the best that this Postgres has: C, the default of some databases, knows
-- only ASCII.
do $do$
declare
    chosen text := (select quote_ident(c.collname) from pg_collation c
                     where c.collname in ('pg_c_utf8', 'und-x-icu', 'C.utf8', 'C.UTF-8', 'en_US.utf8', 'en_US.UTF-8')
                       and c.collencoding in (-1, pg_char_to_encoding('UTF8')) and c.collnamespace = 'pg_catalog'::regnamespace
                     order by array_position('{pg_c_utf8,und-x-icu,C.utf8,C.UTF-8,en_US.utf8,en_US.UTF-8}', c.collname::text) limit 1);
begin
    execute format('create function logic.lower_case(content text) returns text language sql immutable parallel safe '
        'return lower(content collate %s)', coalesce(chosen, '"default"'));
end
$do$;

-- A text with the characters that mean the same made equal, except for case: compatibility forms (full width, ligatures),
-- accents, letters that are written in several ways, digits. Hyphens and slashes become those of ASCII.
create function logic.fold_characters(content text) returns text language sql immutable parallel safe
begin atomic
    select case when fold_characters.content !~ '[^\u0001-\u007f]' then translate(fold_characters.content, '\', '/') else
        replace(replace(replace(replace(replace(replace(replace(replace(
            translate(
                normalize(regexp_replace(normalize(fold_characters.content, NFKD), '[' || logic.ignored_class() || ']', '', 'g'), NFKC),
                U&'\005C\2010\2011\2212\2044\0131\00F8\00D8\0111\0110\0142\0141\0127\0126\0167\0166\03C2\0649\06CC\06A9\0629\06D5\0660\0661\0662\0663\0664\0665\0666\0667\0668\0669\06F0\06F1\06F2\06F3\06F4\06F5\06F6\06F7\06F8\06F9',
                U&'/---/ioOdDlLhHtT\03C3\064A\064A\0643\0647\064701234567890123456789'),
            U&'\00DF', 'ss'), U&'\1E9E', 'SS'), U&'\00E6', 'ae'), U&'\00C6', 'AE'), U&'\0153', 'oe'), U&'\0152', 'OE'),
            U&'\00FE', 'th'), U&'\00DE', 'TH') end;
end;
