import com.google.common.io.ByteStreams;
import com.google.gson.Gson;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The client of ../client.mjs in Java, with grpc-java. */
public final class XdsClient {
  private static final long PAUSE_MS = 5;
  private static final long DEADLINE_S = 10;
  private static final MethodDescriptor<byte[], byte[]> METHOD =
      MethodDescriptor.newBuilder(new AsIs(), new AsIs())
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("testenv.Backend/Name")
          .build();

  public static void main(String[] args) throws IOException {
    BufferedReader targets = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String target; (target = targets.readLine()) != null; ) {
      String asked = target;
      Thread thread = new Thread(() -> ask(asked));
      thread.setDaemon(true);
      thread.start();
    }
    System.exit(0);
  }

  /** Asks a target again and again, over a channel of its own. */
  private static void ask(String target) {
    Channel channel = Grpc.newChannelBuilder(target, InsecureChannelCredentials.create()).build();
    while (true) {
      System.out.println(new Gson().toJson(askOnce(channel, target)));
      try {
        Thread.sleep(PAUSE_MS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private static Map<String, String> askOnce(Channel channel, String target) {
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(DEADLINE_S, TimeUnit.SECONDS);
    try {
      byte[] name = ClientCalls.blockingUnaryCall(channel, METHOD, options, new byte[0]);
      return Map.of("target", target, "from", new String(name, StandardCharsets.UTF_8));
    } catch (StatusRuntimeException e) {
      String error = e.getStatus().getCode() + ": " + e.getStatus().getDescription();
      return Map.of("target", target, "error", error);
    }
  }

  /** Sends and receives bytes as they are. */
  private static final class AsIs implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] bytes) {
      return new ByteArrayInputStream(bytes);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return ByteStreams.toByteArray(stream);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
