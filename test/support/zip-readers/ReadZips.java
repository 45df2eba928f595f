import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import java.util.zip.*;

/** Prints each entry of ZIPs as {"name" in hex, size, CRC32, mtime}; arguments: stream|file, the most bytes to read, paths. */
public class ReadZips {
  static final byte[] buffer = new byte[1 << 20];

  public static void main(String[] args) throws Exception {
    long most = Long.parseLong(args[1]);
    for (String path : Arrays.asList(args).subList(2, args.length)) {
      List<String> entries = new ArrayList<>();
      if (args[0].equals("stream"))
        try (ZipInputStream zip = new ZipInputStream(new BufferedInputStream(Files.newInputStream(Path.of(path)), 1 << 20))) {
          for (ZipEntry entry; (entry = zip.getNextEntry()) != null; ) entries.add(json(entry, zip));
        }
      else
        try (ZipFile zip = new ZipFile(path)) {
          for (ZipEntry entry : Collections.list(zip.entries()))
            try (InputStream in = entry.getSize() > most ? null : zip.getInputStream(entry)) {
              entries.add(json(entry, in));
            }
        }
      System.out.println(entries);
    }
  }

  static String json(ZipEntry entry, InputStream in) throws IOException {
    CRC32 crc = new CRC32();
    long size = in == null ? entry.getSize() : 0;
    if (in != null) for (int n; (n = in.read(buffer)) >= 0; size += n) crc.update(buffer, 0, n);
    long sum = in == null ? entry.getCrc() : crc.getValue();
    String name = HexFormat.of().formatHex(entry.getName().getBytes(StandardCharsets.UTF_8));
    return "{\"hex\":\"" + name + "\",\"sizeBytes\":" + size + ",\"crc32\":" + sum + ",\"mtimeS\":"
        + entry.getLastModifiedTime().toMillis() / 1000 + "}";
  }
}
